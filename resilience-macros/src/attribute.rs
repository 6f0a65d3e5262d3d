//! The whole flow: parse, stack, check, expand, or the function untouched.

use proc_macro2::TokenStream;

use crate::check::check;
use crate::emit::{self, marker};
use crate::errors::Errors;
use crate::features::Features;
use crate::function::item::Function;
use crate::policy::spec::Policy;
use crate::{stack, untouched};

/// Expands the whole stack that starts with `policy`. Whatever is wrong, the function is still
/// defined, so that its callers are no second error.
pub(crate) fn expand(policy: &'static Policy, args: TokenStream, item: TokenStream) -> TokenStream {
    expand_for(policy, args, item, Features::OF_CRATE)
}

/// Does the same as [`expand`] with other features.
pub(crate) fn expand_for(
    policy: &'static Policy,
    args: TokenStream,
    item: TokenStream,
    features: Features,
) -> TokenStream {
    if marker::is_taken(&args) {
        return item;
    }
    let mut function = match Function::parse(policy, item.clone()) {
        Ok(function) => function,
        Err(error) => return untouched::item(item, &error),
    };
    let mut errors = Errors::default();
    let layers = stack::read(policy, args, &mut function.attrs, &mut errors);
    let taken: Vec<_> = layers
        .iter()
        .filter_map(|layer| layer.taken.clone())
        .collect();
    if marker::is_expanded(&function) {
        errors.push(marker::seen_too_late(policy.table));
    }
    match check(layers, &function, &mut errors) {
        Some(plan) if !errors.any() => emit::function::function(&function, &plan, features),
        _ => untouched::function(&function, &taken, errors),
    }
}
