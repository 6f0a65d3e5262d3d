//! The item without the attributes of the family, beside the errors: its callers are then no second
//! error.

use proc_macro2::{Span, TokenStream, TokenTree};

use crate::emit::marker;
use crate::errors::Errors;
use crate::function::item::{Function, without_attributes};
use crate::policy;
use crate::policy::spec::Policy;

/// Emits the function without the attributes that were `taken` off it, and the errors.
pub(crate) fn function(function: &Function, taken: &[syn::Path], errors: Errors) -> TokenStream {
    let mut tokens = function.with_front(&marker::taken(taken));
    tokens.extend(errors.into_items());
    tokens
}

/// Emits an item that is no function, or of which not even the signature can be read, and the
/// error.
pub(crate) fn item(item: TokenStream, error: &syn::Error) -> TokenStream {
    let (mut tokens, taken) = without_attributes(item, |path| policy::of(path).is_some());
    // Inside of a function, rustc refuses an attribute in front of the error (E0658). An item that
    // is no member of an `impl` may have another item beside it.
    let is_no_member = tokens.clone().into_iter().any(|token| {
        matches!(token, TokenTree::Ident(word) if ["struct", "enum", "mod", "trait"].iter().any(|item| word == item))
    });
    let error = error.to_compile_error();
    if is_no_member {
        tokens.extend(marker::taken(&taken));
        tokens.extend(error);
    } else {
        tokens.extend(marker::errors(&taken, &error));
    }
    tokens
}

/// Refuses an attribute with `async_` in front of its name, and says the right name.
pub(crate) fn misnamed(policy: &'static Policy, item: TokenStream) -> TokenStream {
    let name = policy.name();
    let message = format!(
        "{policy} is for async functions, too: write `use resilience::{name};` and `#[{name}(…)]` without `async_`"
    );
    self::item(item, &syn::Error::new(Span::call_site(), message))
}
