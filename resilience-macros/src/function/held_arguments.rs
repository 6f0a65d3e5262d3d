//! A function that returns a future is run again for each attempt, inside of a future that
//! therefore holds the arguments. That future can promise `Send` or `'static` only if the arguments
//! allow it.

use std::fmt::Display;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeParamBound};

use super::bounds::{Bounds, bounds_of, is_send};
use super::form::Form;
use super::item::Function;
use super::parameter::{Parameter, Passing};
use super::tokens::any_ident;
use super::types::ungroup;
use super::used_arguments::NeedWords;
use crate::errors::Errors;

/// The promises of the return type about everything that the future holds.
#[derive(Default)]
struct Promise {
    is_static: bool,
    is_send: bool,
}

/// Returns true if the future can hold them. `attribute` is the one that needs the arguments again,
/// for messages.
pub(crate) fn check(
    function: &Function,
    form: &Form,
    attribute: &dyn Display,
    words: &NeedWords,
    errors: &mut Errors,
) -> bool {
    let (Form::Future { block: None, .. }, ReturnType::Type(_, returned)) =
        (form, &function.sig.output)
    else {
        return true;
    };
    let promise = Promise::of(returned);
    let body = function.body.stream();
    for parameter in form.parameters(function) {
        let Some(reason) = promise.broken_by(&parameter, function) else {
            continue;
        };
        let name = &parameter.name;
        if is_used(body.clone(), &name.to_string()) {
            errors.at(
                returned,
                format!(
                    "under {attribute} this future holds `{name}`, because {}, and {reason}; {} an `async fn` that this function \
                     calls, or take an argument that can be held",
                    words.runs_inside, words.instead
                ),
            );
            return false;
        }
    }
    true
}

impl Promise {
    fn of(returned: &Type) -> Self {
        match ungroup(returned) {
            Type::ImplTrait(ty) => Self::of_bounds(&ty.bounds),
            Type::Path(path) => {
                let Some(last) = path.path.segments.last() else {
                    return Self::default();
                };
                let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                    return Self::default();
                };
                match arguments.args.first() {
                    Some(GenericArgument::Lifetime(lifetime)) => Self {
                        is_static: lifetime.ident == "static",
                        is_send: last.ident == "BoxFuture",
                    },
                    Some(GenericArgument::Type(ty)) => Self::of_box(ty),
                    _ => Self::default(),
                }
            }
            _ => Self::default(),
        }
    }

    /// `Box<dyn Future<…>>`: it is `'static` unless it says something else.
    fn of_box(ty: &Type) -> Self {
        let Type::Path(path) = ungroup(ty) else {
            return Self::default();
        };
        let Some(PathArguments::AngleBracketed(arguments)) =
            path.path.segments.last().map(|last| &last.arguments)
        else {
            return Self::default();
        };
        let Some(GenericArgument::Type(pointee)) = arguments.args.first() else {
            return Self::default();
        };
        let Type::TraitObject(object) = ungroup(pointee) else {
            return Self::default();
        };
        let mut promise = Self::of_bounds(&object.bounds);
        let names_lifetime = object
            .bounds
            .iter()
            .any(|bound| matches!(bound, TypeParamBound::Lifetime(_)));
        promise.is_static |= !names_lifetime;
        promise
    }

    fn of_bounds(bounds: &Bounds) -> Self {
        Self {
            is_static: is_static(bounds),
            is_send: is_send(bounds),
        }
    }

    /// The reason why the future cannot hold this argument and keep the promise.
    fn broken_by(&self, parameter: &Parameter<'_>, function: &Function) -> Option<&'static str> {
        let borrowed = "the return type says that it holds no borrow (`'static`)";
        if parameter.passing != Passing::Owned {
            let is_static = parameter
                .ty
                .is_some_and(|ty| any_ident(ty.to_token_stream(), &|name| name == "static"));
            return (self.is_static && !is_static).then_some(borrowed);
        }
        let ty = parameter.ty?;
        if self.is_static && shows_borrow(&ty.to_token_stream()) {
            return Some(borrowed);
        }
        let bounds = bounds_of(ty, function).filter(are_understood)?;
        if self.is_send && !is_send(&bounds) {
            return Some("the return type says `Send`, which its type need not be");
        }
        (self.is_static && !is_static(&bounds))
            .then_some("the return type says `'static`, which its type need not be")
    }
}

/// Other traits may have `Send` or `'static` as a supertrait.
fn are_understood(bounds: &Bounds) -> bool {
    const NEITHER: [&str; 22] = [
        "AsMut",
        "AsRef",
        "Borrow",
        "Clone",
        "Copy",
        "Debug",
        "Default",
        "Deref",
        "Display",
        "Eq",
        "Fn",
        "FnMut",
        "FnOnce",
        "From",
        "Hash",
        "Into",
        "IntoIterator",
        "Iterator",
        "Ord",
        "PartialEq",
        "ToOwned",
        "ToString",
    ];
    bounds.iter().all(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| {
            ["Send", "Sync", "Unpin"]
                .iter()
                .chain(&NEITHER)
                .any(|name| last.ident == name)
        }),
        _ => true,
    })
}

fn is_static(bounds: &Bounds) -> bool {
    let mut lifetimes = bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Lifetime(lifetime) => Some(lifetime),
        _ => None,
    });
    lifetimes.any(|lifetime| lifetime.ident == "static")
}

/// A reference or a lifetime other than `'static`.
fn shows_borrow(ty: &TokenStream) -> bool {
    let mut tokens = ty.clone().into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if matches!(punct.as_char(), '&' | '\'') => {
                let next = tokens.peek().map(ToString::to_string);
                if !matches!(next.as_deref(), Some("static" | "'")) {
                    return true;
                }
            }
            // Lifetimes in parentheses, as in `Fn(&str)`, are the type's own.
            _ => {}
        }
    }
    false
}

/// True if the variable is read. A field or a method of its name does not count.
fn is_used(tokens: TokenStream, name: &str) -> bool {
    let mut after_dot = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
        match token {
            TokenTree::Ident(ident) if ident == name && !after_dot => {
                let is_field =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                if !is_field {
                    return true;
                }
            }
            TokenTree::Group(group) if is_used(group.stream(), name) => return true,
            _ => {}
        }
        after_dot = is_dot;
    }
    false
}
