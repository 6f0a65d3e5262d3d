//! `fallback = …`: the answer of a refused call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::check::Fallback;
use crate::emit::context::Context;
use crate::emit::span::{SpanEnds, local};

/// The number of arguments, a receiver included, up to which the runtime implements
/// `FallbackFunction`.
const MOST_CHECKED_ARGUMENTS: usize = 7;

impl Context<'_> {
    /// Emits the answer, awaited if the function is async.
    ///
    /// - Input:
    ///   `#[circuit_breaker(fallback = cached)] async fn search(query: &str) -> Result<Vec<Issue>, Error> { … }`
    /// - Output:
    ///   `'__answer: { let __later = match … cached(&__open, query) … { Now(…) => break …, Later(…) => … }; __later.await }`
    ///
    /// The snapshot `circuit_breaker_async` shows it whole.
    pub(super) fn fallback(&self, fallback: &Fallback, open: &Ident) -> TokenStream {
        let (Fallback::Closure(function) | Fallback::Path(function)) = fallback;
        let ends = SpanEnds::of(&function.to_token_stream());
        let (result, any) = (&self.result.tokens, ends.name("_").to_token_stream());
        let open = ends.locate(quote_spanned!(Span::mixed_site()=> &#open));
        let answer = match fallback {
            Fallback::Closure(closure) => {
                let returned = if self.is_async() { &any } else { result };
                let types = quote!(#any, #returned);
                self.call("call", Some(&types), quote!(#closure, #open), ends)
            }
            Fallback::Path(path) => self.fallback_path(path, &open, ends),
        };
        match fallback {
            _ if self.is_async() => self.awaited_answer(answer, ends),
            Fallback::Closure(_) => answer,
            Fallback::Path(_) => self.trait_call("Same", result, "same", answer, ends),
        }
    }

    /// Calls the user's function with the error and the arguments.
    fn fallback_path(&self, path: &Expr, open: &TokenStream, ends: SpanEnds) -> TokenStream {
        let parameters = self.parameters.iter();
        let whole = parameters.filter(|parameter| !parameter.is_part);
        let arguments: Vec<_> = whole.map(|whole| ends.locate(whole.lent())).collect();
        if arguments.len() > MOST_CHECKED_ARGUMENTS || !self.is_item(path) {
            return ends.call(path, quote!(#open #(, #arguments)*));
        }
        let (given, how) = (ends.name("__given"), ends.name("__how"));
        let passing = self.passing(path, &given.to_token_stream(), ends);
        let result = &self.result.tokens;
        let call = self.trait_call(
            "FallbackFunction",
            &quote!(_, #result, _),
            "call",
            quote!(#given, #how, #path),
            ends,
        );
        let call = quote!(let #given = (#open, #(#arguments,)*); let #how = #passing; #call);
        ends.block(call).into_token_stream()
    }

    /// The fallback of an async function may return the answer, or a future of it.
    fn awaited_answer(&self, answer: TokenStream, ends: SpanEnds) -> TokenStream {
        let (runtime, result) = (&self.runtime, &self.result.tokens);
        let any = ends.name("_");
        let types = quote!(#result, #any);
        let answered = self.trait_call("Answer", &types, "into_answer", answer, ends);
        let (answer, later) = (local("answer"), local("later"));
        // An answer that is there already leaves before the await: the future would keep it, and it
        // need not be `Send`.
        quote! {
            '__answer: {
                let #later = match #answered {
                    #runtime::Answered::Now(#answer) => break '__answer #answer,
                    #runtime::Answered::Later(#later) => #later,
                };
                #later.await
            }
        }
    }
}
