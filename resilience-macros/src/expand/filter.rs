//! The user's filters: patterns made predicates, and functions as they are, put around what they judge.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Expr;

use super::span::Ends;
use super::{Context, local};
use crate::parse::Filter;

/// A filter as an argument, and where the user wrote it.
pub(super) struct UserFilter {
    method: &'static str,
    argument: TokenStream,
    ends: Ends,
}

impl UserFilter {
    /// `method` is the runtime's, of the form `fn(Judged, filter) -> Judged`.
    pub(super) fn function(method: &'static str, function: Option<&Expr>) -> Option<Self> {
        let function = function?;
        Some(Self {
            method,
            ends: Ends::of(&function.to_token_stream()),
            argument: closure(function),
        })
    }

    /// `|error| matches!(error, pattern if guard)`, without the macro.
    pub(super) fn pattern(method: &'static str, filter: Option<&Filter>) -> Option<Self> {
        let Filter { pattern, guard } = filter?;
        let error = local("error");
        let guard = guard.as_ref().map(|guard| quote!(if #guard));
        let argument = quote! {
            |#error| match #error {
                #pattern #guard => true,
                #[allow(unreachable_patterns)]
                _ => false,
            }
        };
        Some(Self {
            method,
            argument,
            ends: Ends::of(&pattern.to_token_stream()),
        })
    }
}

/// A closure as it is, and anything else called in a closure: then an argument or a result that does not fit is an error at
/// the user's function and not at a bound of ours, and a `&String` is taken for a `&str`.
pub(super) fn closure(function: &Expr) -> TokenStream {
    let mut plain = function;
    while let Expr::Group(syn::ExprGroup { expr, .. }) | Expr::Paren(syn::ExprParen { expr, .. }) =
        plain
    {
        plain = expr;
    }
    if matches!(plain, Expr::Closure(_)) {
        return function.to_token_stream();
    }
    let ends = Ends::of(&function.to_token_stream());
    // Of the user's own context: else rustc adds that the error is in a macro's expansion.
    let given = ends.name("__given");
    let call = ends.call(function, given.to_token_stream());
    quote!(|#given| #call)
}

impl Context<'_> {
    /// `method(method(judged, filter), filter)`, in order.
    pub(super) fn filtered(
        &self,
        judged: TokenStream,
        filters: impl IntoIterator<Item = Option<UserFilter>>,
    ) -> TokenStream {
        filters.into_iter().flatten().fold(
            judged,
            |judged,
             UserFilter {
                 method,
                 argument,
                 ends,
             }| { self.call(method, None, quote!(#judged, #argument), ends) },
        )
    }
}
