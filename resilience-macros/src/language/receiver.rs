//! `self` in the options of a method with a body that begins with `let __self = self;`, as
//! `#[async_trait]` leaves it.
//!
//! The code of the policies stands behind that statement. It moves a `&mut self` or an owned `self`
//! away, so the options have to name `__self`.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Expr;

use super::entry::{Entry, EntryValue};
use crate::function::tokens::any_ident;

pub(crate) fn rename<'e>(entries: impl Iterator<Item = &'e mut Entry>, moved: &Ident) {
    for expr in entries.filter_map(|entry| match &mut entry.value {
        EntryValue::Value(expr) => Some(expr),
        EntryValue::Pattern(filter) => filter.guard.as_mut(),
        EntryValue::Arguments(_) => None,
    }) {
        rename_in(expr, moved);
    }
}

fn rename_in(expr: &mut Expr, moved: &Ident) {
    let tokens = expr.to_token_stream();
    if any_ident(tokens.clone(), &|name| name == "self") {
        if let Ok(renamed) = syn::parse2(renamed(tokens, moved)) {
            *expr = renamed;
        }
    }
}

fn renamed(tokens: TokenStream, moved: &Ident) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut renamed = TokenStream::new();
    while let Some(token) = tokens.next() {
        // The `self` of `self::is_transient` is a module.
        let is_path =
            matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
        renamed.extend([match token {
            TokenTree::Ident(name) if name == "self" && !is_path => {
                let mut moved = moved.clone();
                moved.set_span(moved.span().located_at(name.span()));
                TokenTree::Ident(moved)
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), self::renamed(group.stream(), moved));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            token => token,
        }]);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use quote::{format_ident, quote};

    use super::*;

    #[test]
    fn the_receiver_is_renamed_wherever_it_stands_and_the_module_is_not() {
        let written =
            quote!(|error| self::is_known(error, self) && [self.limit, f!(&*self)] == selfless);
        let expected = quote!(
            |error| self::is_known(error, __self) && [__self.limit, f!(&*__self)] == selfless
        );
        assert_eq!(
            renamed(written, &format_ident!("__self")).to_string(),
            expected.to_string()
        );
    }
}
