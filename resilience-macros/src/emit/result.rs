//! The function's outcome type as the expansion may write it.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use super::span::SpanEnds;
use crate::function::form::Form;
use crate::function::item::Function;
use crate::function::parameter::may_hold_borrow;
use crate::function::tokens::any_ident;
use crate::function::types::ungroup;

pub(crate) struct ResultType {
    /// `Result<T, E>` or an alias of it; `impl Trait` in it is `_`, because that may stand in a
    /// body (E0562).
    pub(crate) tokens: TokenStream,
    /// The type as it is written.
    outcome: TokenStream,
    pub(crate) ends: SpanEnds,
    /// The type of the value as it is written; of an alias of `Result`, all of it.
    pub(crate) value: TokenStream,
    /// The error type in the same form.
    pub(crate) error: TokenStream,
    /// The place of the error type.
    pub(crate) error_ends: SpanEnds,
    /// The error type is a parameter of the function, or of the `impl` around a method, where one
    /// letter is taken for one.
    pub(crate) is_error_generic: bool,
    /// The return type of a function that returns a future, for a call that may borrow for less
    /// long than the function.
    pub(crate) returned: TokenStream,
}

impl ResultType {
    pub(crate) fn of(function: &Function, form: &Form) -> Self {
        let nothing = Type::Verbatim(TokenStream::new());
        let returned = match &function.sig.output {
            ReturnType::Type(_, returned) => &**returned,
            // The check has refused such a function.
            ReturnType::Default => &nothing,
        };
        let ty = match form {
            Form::Future { output, .. } => output,
            Form::Sync | Form::Async => returned,
        };
        Self {
            tokens: erase_impl(ty.to_token_stream()),
            outcome: ty.to_token_stream(),
            ends: SpanEnds::of(&ty.to_token_stream()),
            value: value_type(ty).to_token_stream(),
            error: error_type(ty).to_token_stream(),
            error_ends: SpanEnds::of(&error_type(ty).to_token_stream()),
            is_error_generic: is_parameter(error_type(ty), function),
            returned: elide_lifetimes(erase_impl(returned.to_token_stream())),
        }
    }
}

fn is_parameter(ty: &Type, function: &Function) -> bool {
    let Type::Path(path) = ungroup(ty) else {
        return false;
    };
    let Some(name) = path.path.get_ident() else {
        return false;
    };
    let is_letter = name.to_string().len() == 1 && function.receiver().is_some();
    is_letter
        || function
            .sig
            .generics
            .type_params()
            .any(|param| param.ident == *name)
}

impl ResultType {
    /// True if the type has an `impl Trait`.
    pub(crate) fn is_opaque(&self) -> bool {
        any_ident(self.outcome.clone(), &|name| name == "impl")
    }

    pub(crate) fn may_hold_borrow(&self) -> bool {
        may_hold_borrow(&self.outcome)
    }
}

/// The `E` of `Result<T, E>`; of an alias, all of it.
fn error_type(ty: &Type) -> &Type {
    arguments(ty).map_or(ty, |(_, error)| error)
}

/// The `T` of `Result<T, E>`; of an alias, all of it.
fn value_type(ty: &Type) -> &Type {
    arguments(ty).map_or(ty, |(value, _)| value)
}

/// The `T` and the `E` of `Result<T, E>`.
fn arguments(ty: &Type) -> Option<(&Type, &Type)> {
    let Type::Path(path) = ungroup(ty) else {
        return None;
    };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    let mut arguments = arguments.args.iter();
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(value)), Some(GenericArgument::Type(error)), None) => {
            Some((value, error))
        }
        _ => None,
    }
}

/// `Result<impl Iterator<Item = u8>, E>` → `Result<_, E>`
fn erase_impl(tokens: TokenStream) -> TokenStream {
    let mut erased = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(keyword) if keyword == "impl" => {
                erased.extend([TokenTree::Ident(proc_macro2::Ident::new(
                    "_",
                    keyword.span(),
                ))]);
                let (mut depth, mut arrow) = (0_u32, false);
                while let Some(token) = tokens.peek() {
                    let punct = if let TokenTree::Punct(punct) = token {
                        punct.as_char()
                    } else {
                        ' '
                    };
                    match punct {
                        '<' => depth += 1,
                        '>' if arrow => {}
                        ',' | '>' if depth == 0 => break,
                        '>' => depth -= 1,
                        _ => {}
                    }
                    arrow = punct == '-';
                    tokens.next();
                }
            }
            TokenTree::Group(group) => {
                let mut inner =
                    proc_macro2::Group::new(group.delimiter(), erase_impl(group.stream()));
                inner.set_span(group.span());
                erased.extend([TokenTree::Group(inner)]);
            }
            token => erased.extend([token]),
        }
    }
    erased
}

/// `BoxFuture<'a, T>` → `BoxFuture<'_, T>`. Types with lifetimes of their own (`for<'x> …`) stay as
/// they are.
fn elide_lifetimes(tokens: TokenStream) -> TokenStream {
    if tokens
        .clone()
        .into_iter()
        .any(|token| matches!(token, TokenTree::Ident(keyword) if keyword == "for"))
    {
        return tokens;
    }
    let mut is_lifetime = false;
    let elided = tokens.into_iter().map(|token| {
        let was_quote = std::mem::take(&mut is_lifetime);
        match token {
            TokenTree::Punct(punct) => {
                is_lifetime = punct.as_char() == '\'';
                TokenTree::Punct(punct)
            }
            TokenTree::Ident(name) if was_quote && name != "static" => {
                TokenTree::Ident(proc_macro2::Ident::new("_", name.span()))
            }
            TokenTree::Group(group) => {
                let mut inner =
                    proc_macro2::Group::new(group.delimiter(), elide_lifetimes(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            token => token,
        }
    });
    elided.collect()
}
