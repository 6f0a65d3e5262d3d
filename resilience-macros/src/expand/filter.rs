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
        let argument = function?.to_token_stream();
        Some(Self { method, ends: Ends::of(&argument), argument })
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
        Some(Self { method, argument, ends: Ends::of(&pattern.to_token_stream()) })
    }
}

impl Context<'_> {
    /// `method(method(judged, filter), filter)`, in order.
    pub(super) fn filtered(
        &self,
        judged: TokenStream,
        filters: impl IntoIterator<Item = Option<UserFilter>>,
    ) -> TokenStream {
        filters.into_iter().flatten().fold(judged, |judged, UserFilter { method, argument, ends }| {
            self.call(method, None, quote!(#judged, #argument), ends)
        })
    }
}
