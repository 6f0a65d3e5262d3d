//! The error of a policy as the function's own.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

use super::context::Context;
use super::span::SpanEnds;

impl Context<'_> {
    /// The error of a policy, of the type `given`, as the function's own through `From`. A trait of
    /// ours refuses an error type that cannot hold it, in its own words. For a type parameter the
    /// words are rustc's, because they say the missing bound.
    pub(crate) fn converted(&self, given: &str, value: &Ident) -> TokenStream {
        let ends = self.result.error_ends;
        if self.result.is_error_generic {
            let (runtime, given) = (ends.name(&self.runtime.to_string()), ends.name(given));
            // rustc points at the argument, so it has a name that stands where the error type does.
            let named = ends.name("__given");
            let parameters = quote!(#runtime::#given);
            let call = self.trait_call("From", &parameters, "from", quote!(#named), ends);
            return ends
                .block(quote!(let #named = #value; #call))
                .into_token_stream();
        }
        self.call(&format!("From{given}::from"), None, quote!(#value), ends)
    }

    /// Emits the error of a policy as the function's own: by the function, the variant or the value
    /// of `error =`, or else by `From`.
    pub(crate) fn error(
        &self,
        given: &str,
        error: Option<&syn::Expr>,
        value: &Ident,
    ) -> TokenStream {
        let result = &self.result.tokens;
        let Some(error) = error else {
            let converted = self.converted(given, value);
            return self.call("failed", Some(result), converted, self.result.ends);
        };
        let ends = SpanEnds::of(&error.to_token_stream());
        let value = ends.locate(quote!(#value));
        match error {
            // The type of a closure's parameter must be known before its body is read.
            syn::Expr::Closure(_) => self.call(
                "failed_by",
                Some(&quote!(#result, _)),
                quote!(#value, #error),
                ends,
            ),
            _ => self.call(
                "failed_with",
                Some(&quote!(#result, _, _)),
                quote!(#value, #error),
                ends,
            ),
        }
    }
}
