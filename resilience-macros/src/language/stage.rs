//! The stage at which an expression is evaluated: by the compiler, by the compiler for each
//! instance of a generic, or at run time.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, GenericParam, Ident, Path, UnOp};

use super::scope::Scope;
use super::table::{Family, Kind};
use crate::function::item::Function;
use crate::function::tokens::any_ident;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The expression can stand in a const item, and `cargo check` evaluates that.
    Constant,
    /// The expression is constant, but it names `Self` or a generic, and a const item cannot
    /// (E0401).
    Generic,
    /// The expression is evaluated once per call.
    Runtime,
}

/// Operators on numbers are const; those of `Duration` are trait calls and are not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operators {
    Const,
    RunTime,
}

impl Stage {
    /// Literals, upper-case paths and const constructors are constant.
    pub(crate) fn of(expr: &Expr, operators: Operators, scope: Scope<'_>) -> Self {
        if !is_constant(expr, operators, scope.family) {
            Self::Runtime
        } else if names_generic(expr.to_token_stream(), scope.function) {
            Self::Generic
        } else {
            Self::Constant
        }
    }
}

fn is_constant(expr: &Expr, operators: Operators, family: &Family) -> bool {
    let constant = |expr: &Expr| is_constant(expr, operators, family);
    let is_argument = |arg: &Expr| is_constant(arg, Operators::Const, family);
    match expr {
        Expr::Lit(_) => true,
        Expr::Path(path) => is_constant_path(&path.path, family),
        Expr::Paren(paren) => constant(&paren.expr),
        Expr::Group(group) => constant(&group.expr),
        Expr::Reference(reference) => reference.mutability.is_none() && constant(&reference.expr),
        Expr::Unary(unary) if operators == Operators::Const => {
            !matches!(unary.op, UnOp::Deref(_)) && constant(&unary.expr)
        }
        Expr::Binary(binary) if operators == Operators::Const => {
            constant(&binary.left) && constant(&binary.right)
        }
        Expr::Cast(cast) => constant(&cast.expr),
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Path(path) if is_const_constructor(&path.path, family))
                && call.args.iter().all(is_argument)
        }
        Expr::MethodCall(call) => {
            is_setter(&call.method, family)
                && constant(&call.receiver)
                && call.args.len() == 1
                && call.args.iter().all(is_argument)
        }
        _ => false,
    }
}

/// `LIMIT`, `limits::LIMIT`, `Self::LIMIT`, `Duration::MAX`, and the variants of our own enums.
fn is_constant_path(path: &Path, family: &Family) -> bool {
    let mut segments = path
        .segments
        .iter()
        .rev()
        .map(|segment| segment.ident.to_string());
    let Some(last) = segments.next() else {
        return false;
    };
    let upper = last.chars().any(char::is_uppercase) && !last.chars().any(char::is_lowercase);
    upper
        || segments
            .next()
            .is_some_and(|owner| is_enum_of_words(&owner, family))
}

/// True for `Jitter` and `Strategy`, because their variants are the words of options.
fn is_enum_of_words(name: &str, family: &Family) -> bool {
    let mut options = family.iter().flat_map(|table| table.options);
    options.any(|option| match option.kind {
        Kind::Word(words) => words
            .iter()
            .any(|(_, constant)| constant.split("::").next() == Some(name)),
        _ => false,
    })
}

fn is_const_constructor(path: &Path, family: &Family) -> bool {
    let mut segments = path
        .segments
        .iter()
        .rev()
        .map(|segment| segment.ident.to_string());
    let (Some(name), Some(owner)) = (segments.next(), segments.next()) else {
        return false;
    };
    match owner.as_str() {
        // `from_secs_f64` and its like are not const.
        "Duration" => matches!(
            name.as_str(),
            "new" | "from_secs" | "from_millis" | "from_micros" | "from_nanos"
        ),
        owner => name == "new" && family.iter().any(|table| table.config == owner),
    }
}

/// A setter of our configurations: named like an option.
fn is_setter(method: &Ident, family: &Family) -> bool {
    let mut options = family.iter().flat_map(|table| table.options);
    options.any(|option| method == option.name)
}

fn names_generic(tokens: TokenStream, function: &Function) -> bool {
    let generics: Vec<String> = function
        .sig
        .generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(param.ident.to_string()),
            GenericParam::Const(param) => Some(param.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    // A method may stand in `impl<const N: u32> …`. An attribute cannot see that, so there one
    // letter is taken for a generic.
    let is_method = function.receiver().is_some();
    any_ident(tokens, &|name| {
        name == "Self"
            || generics.iter().any(|generic| generic == name)
            || (is_method && name.len() == 1 && name.chars().all(char::is_uppercase))
    })
}
