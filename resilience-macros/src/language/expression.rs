//! Questions that the form of an expression answers, without its type.

use quote::ToTokens;
use syn::{Expr, Lit};

use super::duration;
use crate::source_text::source_text;

/// The expression behind parentheses and the invisible groups of `macro_rules!`.
pub(super) fn plain(mut expr: &Expr) -> &Expr {
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

/// The literal with a unit that stands inside of a larger expression, where only rustc could read
/// it.
pub(super) fn duration_inside(expr: &Expr) -> Option<&Lit> {
    match plain(expr) {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(int) if duration::parse(&int.to_string()).is_ok() => Some(&lit.lit),
            Lit::Float(float) if duration::parse(&float.to_string()).is_ok() => Some(&lit.lit),
            _ => None,
        },
        Expr::Binary(binary) => {
            duration_inside(&binary.left).or_else(|| duration_inside(&binary.right))
        }
        Expr::Unary(unary) => duration_inside(&unary.expr),
        Expr::Call(call) => call.args.iter().find_map(duration_inside),
        Expr::MethodCall(call) => {
            duration_inside(&call.receiver).or_else(|| call.args.iter().find_map(duration_inside))
        }
        Expr::Reference(reference) => duration_inside(&reference.expr),
        _ => None,
    }
}

/// Says how an expression with such a literal is written: with the product if it is one, and
/// otherwise with a constructor.
pub(super) fn inside(name: &str, expr: &Expr, literal: &Lit) -> String {
    let text = source_text(&literal.to_token_stream());
    let product = || {
        let Expr::Binary(binary) = expr else {
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
        let product = duration::parse(&text).ok()?.checked_mul(times)?;
        matches!(binary.op, syn::BinOp::Mul(_)).then(|| format!("{product:?}"))
    };
    match product() {
        Some(product) => format!(
            "a duration with a unit stands alone and is no part of an expression: write `{name} = {product}`"
        ),
        None => format!(
            "a duration with a unit stands alone and is no part of an expression: write `Duration::from_millis({})` for `{text}`",
            duration::parse(&text).map_or(0, |time| time.as_millis())
        ),
    }
}
