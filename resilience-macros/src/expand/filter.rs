//! Patterns as predicates.

use proc_macro2::TokenStream;
use quote::quote;

use super::Context;
use crate::parse::Filter;

impl Context<'_> {
    /// `|error| matches!(error, pattern if guard)`, without the macro.
    pub(super) fn predicate(&self, filter: &Filter) -> TokenStream {
        let error = self.local("error");
        let pattern = &filter.pattern;
        let guard = filter.guard.as_ref().map(|guard| quote!(if #guard));
        quote! {
            |#error| match #error {
                #pattern #guard => true,
                #[allow(unreachable_patterns)]
                _ => false,
            }
        }
    }
}
