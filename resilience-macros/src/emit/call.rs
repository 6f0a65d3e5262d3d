//! Calls of the runtime. The compiler shows them at the user's tokens.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::context::Context;
use super::span::{SpanEnds, local};

impl Context<'_> {
    /// `runtime::Type::function::<turbofish>(arguments)` from `ends.first` to `ends.last`.
    pub(crate) fn call(
        &self,
        path: &str,
        turbofish: Option<&TokenStream>,
        arguments: TokenStream,
        ends: SpanEnds,
    ) -> TokenStream {
        let runtime = Ident::new(&self.runtime.to_string(), ends.first);
        let segments = path
            .split("::")
            .map(|segment| Ident::new(segment, ends.first));
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(ends.last);
        let arguments = TokenTree::Group(arguments);
        // The function is named through the trait, because rustc then adds no note on a bound of
        // ours.
        if let (Some(function), Some(ty)) = (path.strip_prefix("Fallible::"), turbofish) {
            let function = Ident::new(function, ends.first);
            let path = quote_spanned!(ends.first=> <#ty as #runtime::Fallible>::#function);
            return quote!(#path #arguments);
        }
        let turbofish = turbofish.map(|ty| quote_spanned!(ends.first=> ::<#ty>));
        let path = quote_spanned!(ends.first=> #runtime #(::#segments)*);
        quote!(#path #turbofish #arguments)
    }

    /// Emits the lookup of what the error type allows, `runtime::Inspect::of(result).lookup()`. The
    /// user's `impl Error` may ask for a lifetime that the lookup cannot see, and rustc then points
    /// at the error type.
    pub(crate) fn inspected(&self, result: TokenStream, lookup: &str) -> TokenStream {
        self.inspected_by("Inspect::of", result, lookup)
    }

    /// Emits the same lookup for an error that is not in its outcome any more.
    pub(crate) fn inspected_error(&self, error: TokenStream, lookup: &str) -> TokenStream {
        self.inspected_by("Inspect::of_error", error, lookup)
    }

    /// Emits a closure that finds out the traits of the error type, from the type of an outcome
    /// alone.
    pub(crate) fn traits(&self) -> TokenStream {
        let outcome = local("outcome");
        let inspected = self.inspected(quote!(#outcome), "__traits");
        quote!(|#outcome| #inspected)
    }

    fn inspected_by(&self, entry: &str, value: TokenStream, lookup: &str) -> TokenStream {
        let ends = self.result.error_ends;
        let inspect = self.call(entry, None, value, ends);
        let lookup = Ident::new(lookup, ends.first);
        quote_spanned!(ends.first=> #inspect.#lookup())
    }

    /// Emits `runtime::Trait::<parameters>::function(arguments)` from `ends.first` to `ends.last`.
    /// An unmet bound is then the trait's own. For a bound of a function of ours rustc would add a
    /// note with its source.
    pub(crate) fn trait_call(
        &self,
        name: &str,
        parameters: &TokenStream,
        function: &str,
        arguments: TokenStream,
        ends: SpanEnds,
    ) -> TokenStream {
        let (runtime, name, function) = (
            Ident::new(&self.runtime.to_string(), ends.first),
            Ident::new(name, ends.first),
            Ident::new(function, ends.first),
        );
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(ends.last);
        let path = quote_spanned!(ends.first=> #runtime::#name::<#parameters>::#function);
        quote!(#path #arguments)
    }
}
