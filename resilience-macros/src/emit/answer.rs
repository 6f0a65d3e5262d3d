//! A function of the user's that answers in place of a result, such as `fallback = …` of a circuit.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::context::Context;
use super::span::{SpanEnds, local};
use crate::errors::Errors;
use crate::function::item::Function;
use crate::function::pattern::bound_names;

/// The number of arguments, a receiver included, up to which the runtime implements
/// `FallbackFunction`.
const MOST_CHECKED_ARGUMENTS: usize = 7;

/// The function, as the user wrote it.
pub(crate) enum AnswerFunction {
    /// A closure of the error. It may use the arguments.
    Closure(Expr),
    /// A function that is called with the error and the arguments.
    Path(Expr),
}

/// The words of the option, for messages.
#[derive(Clone, Copy)]
pub(crate) struct AnswerWords {
    /// The name of a function that is given as a path.
    pub(crate) path: &'static str,
    /// The parameter of a closure.
    pub(crate) parameter: &'static str,
}

impl AnswerFunction {
    /// Refuses a path if the arguments of the function cannot be passed on.
    pub(crate) fn check(
        expr: Expr,
        function: &Function,
        words: AnswerWords,
        errors: &mut Errors,
    ) -> Option<Self> {
        if let Expr::Closure(_) = &expr {
            return Some(Self::Closure(expr));
        }
        let AnswerWords { path, parameter } = words;
        if let Some(attr) = function
            .arguments()
            .flat_map(|argument| &argument.attrs)
            .find(|attr| attr.path().is_ident("cfg"))
        {
            errors.at(
                attr,
                format!(
                    "{path} is called with the function's arguments, and one that may not be there cannot be passed on: write a \
                     closure, `|{parameter}| …`"
                ),
            );
            return None;
        }
        let destructured = function.arguments().find(
            |argument| !matches!(&*argument.pat, syn::Pat::Ident(name) if name.subpat.is_none()),
        );
        if let Some(argument) = destructured {
            let names: Vec<_> = bound_names(&argument.pat)
                .iter()
                .map(|name| format!("`{}`", name.ident))
                .collect();
            let others = if names.is_empty() {
                "the others".to_owned()
            } else {
                names.join(" and ")
            };
            errors.at(
                &expr,
                format!(
                    "{path} is called with the function's arguments, and a destructured one cannot be passed on: write a closure, \
                     `|{parameter}| …`, which may use {others}"
                ),
            );
            return None;
        }
        Some(Self::Path(expr))
    }
}

impl Context<'_> {
    /// Emits the answer to the error in the variable `given`, awaited if the function is async.
    ///
    /// - Input:
    ///   `#[circuit_breaker(fallback = cached)] async fn search(query: &str) -> Result<Vec<Issue>, Error> { … }`
    /// - Output:
    ///   `'__answer: { let __later = match … cached(&__open, query) … { Now(…) => break …, Later(…) => … }; __later.await }`
    ///
    /// The snapshot `circuit_breaker_async` shows it whole.
    pub(crate) fn answer(&self, answer: &AnswerFunction, given: &Ident) -> TokenStream {
        let (AnswerFunction::Closure(function) | AnswerFunction::Path(function)) = answer;
        let ends = SpanEnds::of(&function.to_token_stream());
        let (result, any) = (&self.result.tokens, ends.name("_").to_token_stream());
        let given = ends.locate(quote_spanned!(Span::mixed_site()=> &#given));
        let called = match answer {
            AnswerFunction::Closure(closure) => {
                let returned = if self.is_async() { &any } else { result };
                let types = quote!(#any, #returned);
                self.call("call", Some(&types), quote!(#closure, #given), ends)
            }
            AnswerFunction::Path(path) => self.answer_of_path(path, &given, ends),
        };
        match answer {
            _ if self.is_async() => self.awaited_answer(called, ends),
            AnswerFunction::Closure(_) => called,
            AnswerFunction::Path(_) => self.trait_call("Same", result, "same", called, ends),
        }
    }

    /// Calls the user's function with the error and the arguments.
    fn answer_of_path(&self, path: &Expr, error: &TokenStream, ends: SpanEnds) -> TokenStream {
        let parameters = self.parameters.iter();
        let whole = parameters.filter(|parameter| !parameter.is_part);
        let arguments: Vec<_> = whole.map(|whole| ends.locate(whole.lent())).collect();
        if arguments.len() > MOST_CHECKED_ARGUMENTS || !self.is_item(path) {
            return ends.call(path, quote!(#error #(, #arguments)*));
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
        let call = quote!(let #given = (#error, #(#arguments,)*); let #how = #passing; #call);
        ends.block(call).into_token_stream()
    }

    /// The function for an async function may return the answer, or a future of it.
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
