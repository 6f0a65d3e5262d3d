//! The tokens of an option that are not read yet. They are for messages, and to read on behind a
//! mistake.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Token;
use syn::parse::ParseStream;

/// The tokens of this option that are not read yet.
pub(super) fn up_to_comma(input: ParseStream<'_>) -> TokenStream {
    let rest = input.fork().parse::<TokenStream>().unwrap_or_default();
    rest.into_iter()
        .take_while(|token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
        .collect()
}

/// The value that was meant, behind `=` or in parentheses.
pub(super) fn behind_key(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = up_to_comma(input).into_iter().peekable();
    match tokens.peek() {
        Some(TokenTree::Punct(equals)) if equals.as_char() == '=' => tokens.skip(1).collect(),
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            group.stream()
        }
        _ => TokenStream::new(),
    }
}

pub(super) fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}
