//! Spans: the compiler points at the user's tokens when it refuses code of ours, and never at the
//! whole attribute.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Expr;

/// On stable no span covers several tokens, so the first and the last one's are kept.
#[derive(Clone, Copy)]
pub(crate) struct SpanEnds {
    pub(super) first: Span,
    pub(super) last: Span,
}

impl SpanEnds {
    pub(crate) fn of(tokens: &TokenStream) -> Self {
        let mut spans = tokens.clone().into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self {
            first,
            last: spans.last().unwrap_or(first),
        }
    }

    /// A single place.
    pub(crate) fn at(place: Span) -> Self {
        Self {
            first: place,
            last: place,
        }
    }

    /// All of a block.
    pub(crate) fn around(block: &Group) -> Self {
        Self {
            first: block.span_open(),
            last: block.span_close(),
        }
    }

    /// Shows `tokens` where these ends begin, and leaves their meaning as it is.
    pub(crate) fn locate(self, tokens: TokenStream) -> TokenStream {
        let placed = tokens.into_iter().map(|mut token| {
            token.set_span(token.span().located_at(self.first));
            token
        });
        placed.collect()
    }

    pub(crate) fn span(self) -> Span {
        self.first
    }

    /// A name of ours where these ends begin.
    pub(crate) fn name(self, name: &str) -> Ident {
        Ident::new(name, self.first)
    }

    /// A block of ours, shown where these ends begin.
    pub(crate) fn block(self, contents: TokenStream) -> Group {
        let mut block = Group::new(Delimiter::Brace, contents);
        block.set_span(self.first);
        block
    }

    /// `function(arguments)`, shown as the function alone.
    pub(crate) fn call(self, function: &Expr, arguments: TokenStream) -> TokenStream {
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

/// A keyword of ours that stands for the whole body: a borrow error in it is shown there. With a
/// span of the expansion, source-based coverage would not count the lines of an async body.
pub(crate) fn keyword(keyword: &str, body: &Group) -> Ident {
    Ident::new(keyword, body.span())
}

/// The start of a closure of ours, at the place of the body and of its span: lints look at the end
/// of the body then.
pub(crate) fn pipes(body: &Group) -> TokenStream {
    quote_spanned!(body.span()=> ||)
}

/// A block of ours with the span of the user's, for coverage as well.
pub(crate) fn braces(body: &Group, contents: TokenStream) -> Group {
    let mut block = Group::new(Delimiter::Brace, contents);
    block.set_span(body.span());
    block
}

/// A local of the expansion, hidden from the user's code.
pub(crate) fn local(name: &str) -> Ident {
    format_ident!("__{}", name, span = Span::mixed_site())
}
