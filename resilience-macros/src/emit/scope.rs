//! The code of a test's scope around the body, below all layers.
//!
//! Input: `#[retry] async fn fetch(url: &str) -> Result<String, Error> { … }`, with the feature
//! `test-util`. Output: `scoped_body(&__OPERATION, __run, Injectable::of(…), async { … }, …)`.
//! Snapshots: those that end with `in_scope`. Without the feature nothing is emitted.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;

use super::code::{Declarations, LayerCode, large_error_allowed};
use super::context::Context;
use super::span::local;
use crate::function::tokens::any_ident;

/// The variable with the number of the run.
fn run() -> Ident {
    local("run")
}

impl Context<'_> {
    /// Declares the number of the run that begins now, in a round of a retry.
    pub(crate) fn numbered_run(&self, kind: &TokenStream, retry: &Ident) -> Option<TokenStream> {
        let (runtime, run) = (&self.runtime, run());
        let numbered = quote!(let #run = #runtime::#kind::body_run(&#retry););
        self.is_scoped.then_some(numbered)
    }

    /// Puts the code of the scope around the body.
    pub(super) fn in_scope(&self, body: LayerCode) -> LayerCode {
        if !self.is_scoped {
            return body;
        }
        let (runtime, outcome, operation) = (&self.runtime, local("outcome"), self.operation());
        let is_numbered = self.layers.iter().any(|layer| layer.numbers_runs);
        let run = if is_numbered {
            let run = run();
            quote!(#run)
        } else {
            quote!(#runtime::BodyRun::ONLY)
        };
        let injectable = self.injectable();
        let traits = self.inspected(quote!(#outcome), "__traits");
        let traits = quote!(|#outcome| #traits);
        if self.is_async() {
            let future = body.as_future();
            let scoped =
                quote!(#runtime::scoped_body(#operation, #run, #injectable, #future, #traits));
            return LayerCode::future(Declarations::default(), scoped);
        }
        let (body, allow) = (
            body.expression(|body| self.closure_around(body)),
            large_error_allowed(),
        );
        let scoped =
            quote!(#runtime::scoped_body_blocking(#operation, #run, #injectable, #body, #traits));
        LayerCode::value(
            Declarations::default(),
            quote!(#allow let #outcome = #scoped;),
            quote!(#outcome),
        )
    }

    /// The types of which a test can inject values. The others are not looked up, because they are
    /// not `'static`, or may not be.
    fn injectable(&self) -> TokenStream {
        let (runtime, result) = (&self.runtime, &self.result);
        let probe = |probe: TokenStream, ty: &TokenStream| {
            let outcome = &result.tokens;
            // A type that is left to rustc cannot be looked up, nor can one with such a part.
            if result.is_opaque() || self.may_not_be_static(ty) {
                return quote!(#runtime::None);
            }
            quote!(#runtime::#probe::<#outcome>::new().__take())
        };
        let error = probe(quote!(ErrorProbe), &result.error);
        let value = probe(quote!(ValueProbe), &result.value);
        quote!(#runtime::Injectable::of(#error, #value))
    }

    /// True if the type is written with a lifetime or a type parameter, or with `Self`, which may
    /// have both. One letter is taken for a type parameter of the `impl` around a method.
    fn may_not_be_static(&self, ty: &TokenStream) -> bool {
        let generics = &self.function.sig.generics;
        let is_parameter = |name: &str| {
            name == "Self"
                || name.len() == 1
                || generics.type_params().any(|param| param.ident == name)
        };
        has_lifetime(ty) || any_ident(ty.clone(), &is_parameter)
    }
}

/// True if the tokens have a lifetime other than `'static`, or a reference without one.
fn has_lifetime(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter().peekable();
    while let Some(token) = tokens.next() {
        let next_is = |text: &str, next: Option<&TokenTree>| {
            next.is_some_and(|next| next.to_string() == text)
        };
        let found = match &token {
            TokenTree::Group(group) => has_lifetime(&group.stream()),
            TokenTree::Punct(punct) => match punct.as_char() {
                '&' => !next_is("'", tokens.peek()),
                '\'' => !next_is("static", tokens.peek()),
                _ => false,
            },
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        if found {
            return true;
        }
    }
    false
}
