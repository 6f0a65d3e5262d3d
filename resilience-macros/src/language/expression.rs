//! Questions that the form of an expression answers, without its type.

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::quote;
use syn::{BinOp, Expr, Lit};

use super::shared::duration;

/// The expression behind parentheses and the invisible groups of `macro_rules!`.
pub(crate) fn plain(mut expr: &Expr) -> &Expr {
    loop {
        match expr {
            Expr::Group(group) => expr = &group.expr,
            Expr::Paren(paren) => expr = &paren.expr,
            _ => return expr,
        }
    }
}

/// True for an expression that makes a value and no function: a literal collection, or a variant
/// with its fields.
pub(super) fn is_value(expr: &Expr) -> bool {
    match expr {
        Expr::Array(_) | Expr::Repeat(_) | Expr::Struct(_) | Expr::Tuple(_) | Expr::Binary(_) => {
            true
        }
        Expr::Call(call) => {
            matches!(plain(&call.func), Expr::Path(path) if path.path.segments.last()
            .is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase)))
        }
        _ => false,
    }
}

/// Literals with a unit inside of a larger expression, where only rustc could read them. A macro
/// may take them as it likes.
pub(super) fn durations_inside(expr: &TokenStream) -> Vec<Literal> {
    let (mut found, mut is_macro) = (Vec::new(), false);
    for token in expr.clone() {
        match &token {
            TokenTree::Group(group) if !is_macro => found.extend(durations_inside(&group.stream())),
            TokenTree::Literal(literal) if is_duration(literal) => found.push(literal.clone()),
            _ => {}
        }
        is_macro = matches!(&token, TokenTree::Punct(bang) if bang.as_char() == '!');
    }
    found
}

/// True for `5s`, and not for `"5s"`.
fn is_duration(literal: &Literal) -> bool {
    let text = literal.to_string();
    text.starts_with(|first: char| first.is_ascii_digit()) && duration::parse(&text).is_ok()
}

/// The error for literals with a unit inside of the value of `name`.
pub(super) fn refuse_durations(name: &str, expr: &Expr, literals: &[Literal]) -> syn::Error {
    let ours = match (product(expr, literals), literals) {
        (Some(product), _) => format!("`{name} = {product}`"),
        (None, literals) => {
            let constructors = literals.iter().map(|literal| {
                let text = literal.to_string();
                format!("`{}` for `{text}`", constructor(&text))
            });
            constructors.collect::<Vec<_>>().join(" and ")
        }
    };
    let (first, last) = (
        literals.first(),
        literals.last().filter(|_| literals.len() > 1),
    );
    syn::Error::new_spanned(
        quote!(#first #last),
        format!(
            "a duration with a unit stands alone and is no part of an expression: write {ours}"
        ),
    )
}

/// `200ms` of `2 * 100ms`.
fn product(expr: &Expr, literals: &[Literal]) -> Option<String> {
    let (Expr::Binary(binary), [literal]) = (plain(expr), literals) else {
        return None;
    };
    let factor = |side: &Expr| match plain(side) {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(int) if int.suffix().is_empty() => int.base10_parse::<u32>().ok(),
            _ => None,
        },
        _ => None,
    };
    let times = factor(&binary.left).or_else(|| factor(&binary.right))?;
    let product = duration::parse(&literal.to_string())
        .ok()?
        .checked_mul(times)?;
    matches!(binary.op, BinOp::Mul(_)).then(|| format!("{product:?}"))
}

/// `Duration::from_secs(90)` of `1m30s`.
fn constructor(text: &str) -> String {
    let time = duration::parse(text).unwrap_or_default();
    match time.subsec_nanos() {
        0 => format!("Duration::from_secs({})", time.as_secs()),
        nanos if nanos % 1_000_000 == 0 => format!("Duration::from_millis({})", time.as_millis()),
        nanos if nanos % 1_000 == 0 => format!("Duration::from_micros({})", time.as_micros()),
        _ => format!("Duration::from_nanos({})", time.as_nanos()),
    }
}
