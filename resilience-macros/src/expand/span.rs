//! Where the compiler points when what it refuses is ours: at what the user wrote, never at the whole attribute.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::Context;

/// On stable no span covers several tokens, so the first and the last one's are kept.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    first: Span,
    last: Span,
}

impl Ends {
    pub(super) fn of(tokens: &TokenStream) -> Self {
        let mut spans = tokens.clone().into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self {
            first,
            last: spans.last().unwrap_or(first),
        }
    }

    /// All of a block.
    pub(super) fn around(block: &Group) -> Self {
        Self {
            first: block.span_open(),
            last: block.span_close(),
        }
    }

    /// `tokens`, which mean what they mean, shown where these ends begin.
    pub(super) fn place(self, tokens: TokenStream) -> TokenStream {
        let placed = tokens.into_iter().map(|mut token| {
            token.set_span(token.span().located_at(self.first));
            token
        });
        placed.collect()
    }

    pub(super) fn span(self) -> Span {
        self.first
    }

    /// A name of ours where these ends begin.
    pub(super) fn name(self, name: &str) -> Ident {
        Ident::new(name, self.first)
    }

    /// A block of ours, shown where these ends begin.
    pub(super) fn block(self, contents: TokenStream) -> Group {
        let mut block = Group::new(Delimiter::Brace, contents);
        block.set_span(self.first);
        block
    }

    /// `function(arguments)`, shown as the function alone.
    pub(super) fn call(self, function: &Expr, arguments: TokenStream) -> TokenStream {
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(self.last);
        if matches!(function, Expr::Path(_)) {
            return quote!(#function #arguments);
        }
        let mut function = Group::new(Delimiter::Parenthesis, function.to_token_stream());
        function.set_span(self.first);
        quote!(#function #arguments)
    }
}

impl Context<'_> {
    /// `runtime::Type::function::<turbofish>(arguments)` from `ends.first` to `ends.last`.
    pub(super) fn call(
        &self,
        path: &str,
        turbofish: Option<&TokenStream>,
        arguments: TokenStream,
        ends: Ends,
    ) -> TokenStream {
        let runtime = Ident::new(&self.runtime.to_string(), ends.first);
        let segments = path
            .split("::")
            .map(|segment| Ident::new(segment, ends.first));
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(ends.last);
        let arguments = TokenTree::Group(arguments);
        // Through the trait, rustc adds no note on a bound of ours.
        if let (Some(function), Some(ty)) = (path.strip_prefix("Fallible::"), turbofish) {
            let function = Ident::new(function, ends.first);
            let path = quote_spanned!(ends.first=> <#ty as #runtime::Fallible>::#function);
            return quote!(#path #arguments);
        }
        let turbofish = turbofish.map(|ty| quote_spanned!(ends.first=> ::<#ty>));
        let path = quote_spanned!(ends.first=> #runtime #(::#segments)*);
        quote!(#path #turbofish #arguments)
    }

    /// `runtime::Trait::<parameters>::function(arguments)` from `ends.first` to `ends.last`: an unmet bound is the trait's own
    /// and not one of a function of ours, on which rustc would add a note.
    pub(super) fn trait_call(
        &self,
        name: &str,
        parameters: &TokenStream,
        function: &str,
        arguments: TokenStream,
        ends: Ends,
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

/// A keyword of ours that stands for the whole body: a borrow error in it is shown there. With a span of the expansion,
/// source-based coverage would not count the lines of an async body.
pub(super) fn keyword(keyword: &str, body: &Group) -> Ident {
    Ident::new(keyword, body.span())
}

/// The start of a closure of ours, at the place of the body and of its span: lints look at the end of the body then.
pub(super) fn pipes(body: &Group) -> TokenStream {
    quote_spanned!(body.span()=> ||)
}

/// A block of ours with the span of the user's, for coverage as well.
pub(super) fn braces(body: &Group, contents: TokenStream) -> Group {
    let mut block = Group::new(Delimiter::Brace, contents);
    block.set_span(body.span());
    block
}
