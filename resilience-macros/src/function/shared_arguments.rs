//! Attempts that run at once share the arguments, so that none of them can have a `&mut` borrow.

use std::fmt::Display;

use quote::ToTokens;

use super::form::Form;
use super::item::Function;
use super::parameter::{Parameter, Passing};
use crate::errors::Errors;

/// Returns true if the attempts can share all arguments. `attribute` is the one that runs them at
/// once, for messages.
pub(crate) fn check(
    function: &Function,
    form: &Form,
    attribute: &dyn Display,
    errors: &mut Errors,
) -> bool {
    // A sync function cannot have attempts at once, and that is another error.
    if !form.is_async() {
        return true;
    }
    let parameters = Parameter::all(function);
    let unique = parameters
        .iter()
        .find(|parameter| parameter.passing == Passing::Unique);
    let Some(unique) = unique else {
        return true;
    };
    let name = &unique.in_signature;
    let tokens = match (unique.ty, function.receiver()) {
        (Some(ty), _) => ty.to_token_stream(),
        (None, Some(receiver)) => receiver.to_token_stream(),
        (None, None) => name.to_token_stream(),
    };
    errors.at(
        tokens,
        format!(
            "under {attribute} `{name}` cannot be a `&mut` borrow, because several attempts run at once and only one could have \
             it: take a shared borrow of something that can be changed through one, such as a `Mutex`, or return what is to be \
             changed"
        ),
    );
    false
}
