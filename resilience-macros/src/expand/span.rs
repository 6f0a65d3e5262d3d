//! Where the compiler points when what it refuses is ours: at what the user wrote, never at the whole attribute.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

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
        Self { first, last: spans.last().unwrap_or(first) }
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
        let segments = path.split("::").map(|segment| Ident::new(segment, ends.first));
        let turbofish = turbofish.map(|ty| quote_spanned!(ends.first=> ::<#ty>));
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
        arguments.set_span(ends.last);
        let arguments = TokenTree::Group(arguments);
        let path = quote_spanned!(ends.first=> #runtime #(::#segments)*);
        quote!(#path #turbofish #arguments)
    }
}

/// A keyword of ours that stands for the whole body: a borrow error in it is shown there.
pub(super) fn keyword(keyword: &str, body: &Group) -> Ident {
    Ident::new(keyword, Span::mixed_site().located_at(body.span()))
}

/// The start of a closure of ours, likewise.
pub(super) fn pipes(body: &Group) -> TokenStream {
    quote_spanned!(Span::mixed_site().located_at(body.span())=> ||)
}

/// A block of ours with the place of the user's.
pub(super) fn braces(body: &Group, contents: TokenStream) -> Group {
    let mut block = Group::new(Delimiter::Brace, contents);
    block.set_span(Span::mixed_site().located_at(body.span()));
    block
}
