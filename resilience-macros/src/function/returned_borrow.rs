//! A reborrow of a `&mut` argument cannot leave a retried attempt: the next attempt needs the
//! argument again, and rustc cannot see that a returned borrow ends the loop (E0499 and E0524,
//! until Polonius: rust-lang/rust#54663).

use std::fmt::Display;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{ReceiverKind, ReturnType};

use super::form::Form;
use super::item::Function;
use super::parameter::Parameter;
use super::used_arguments::{NeedWords, UsedArguments};
use crate::errors::Errors;

/// Returns true if no such borrow is returned. `attribute` is the one that needs the arguments
/// again, for messages.
pub(crate) fn check(
    function: &Function,
    form: &Form,
    attribute: &dyn Display,
    (used, words): (&UsedArguments, &NeedWords),
    errors: &mut Errors,
) -> bool {
    let returned = match (form, &function.sig.output) {
        // The future may borrow anything, because the future is retried.
        (Form::Future { output, .. }, _) => output,
        (_, ReturnType::Type(_, returned)) => returned,
        (_, ReturnType::Default) => return true,
    };
    let borrows = borrows(returned.to_token_stream());
    let lent = Parameter::all(function);
    let lent = lent
        .iter()
        .filter(|parameter| parameter.is_lent_uniquely() && used.has(&parameter.name));
    for parameter in lent {
        let name = &parameter.name;
        let lifetime = parameter
            .lifetime
            .map(|lifetime| lifetime.ident.to_string())
            .filter(|lifetime| lifetime != "_");
        let tied = borrows
            .iter()
            .find(|borrow| match (&borrow.lifetime, &lifetime) {
                (Some(returned), Some(argument)) => returned == argument,
                (None, None) => elided_is_from(name, function),
                _ => false,
            });
        if let Some(borrow) = tied {
            errors.at(
                &borrow.tokens,
                format!(
                    "under {attribute} this cannot be a borrow of `{name}`: {} needs `{name}` again; return an owned value, or borrow \
                     from the outside: call {} first, and take the reference after it",
                    words.user, words.call_first
                ),
            );
            return false;
        }
    }
    true
}

/// A reference, or a lifetime argument, in the return type.
struct Borrow {
    /// `None` is elided.
    lifetime: Option<String>,
    tokens: TokenStream,
}

fn borrows(tokens: TokenStream) -> Vec<Borrow> {
    let mut found = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut after_name = false;
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => match tokens.peek() {
                // The lifetime behind `&` is visited by itself.
                Some(TokenTree::Punct(next)) if next.as_char() == '\'' => {}
                next => found.push(Borrow {
                    lifetime: None,
                    tokens: quote!(#token #next),
                }),
            },
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                if let Some(name) = tokens.next() {
                    let text = name.to_string();
                    found.push(Borrow {
                        lifetime: (text != "_").then_some(text),
                        tokens: quote!(#token #name),
                    });
                }
            }
            // `Fn(&str)` has lifetimes of its own.
            TokenTree::Group(group)
                if !(after_name && group.delimiter() == Delimiter::Parenthesis) =>
            {
                found.extend(borrows(group.stream()));
            }
            _ => {}
        }
        after_name = matches!(token, TokenTree::Ident(_));
    }
    found
}

/// Elision takes the lifetime of the receiver if that is a reference, and otherwise of the only
/// argument that can have one.
fn elided_is_from(name: &Ident, function: &Function) -> bool {
    let from_receiver = function
        .receiver()
        .is_some_and(|receiver| match &receiver.kind {
            ReceiverKind::Reference(..) => true,
            ReceiverKind::Typed(_, ty) => any_punct(ty.to_token_stream(), '&'),
            _ => false,
        });
    from_receiver == (name == "self")
}

fn any_punct(tokens: TokenStream, found: char) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == found,
        TokenTree::Group(group) => any_punct(group.stream(), found),
        _ => false,
    })
}
