//! Tokens → options as written, each with its span. What a value means is decided in [`crate::check`].

mod args;
mod duration;
mod options;

use proc_macro2::TokenStream;
use syn::{Attribute, Expr, Ident, Meta, Pat};

use crate::errors::Errors;
use crate::policy::Policy;

pub(crate) use duration::parse as duration;
pub(crate) use options::{Kind, OptionSpec, options};

/// One attribute of the stack, as written.
pub(crate) struct Layer {
    pub(crate) policy: Policy,
    pub(crate) entries: Vec<Entry>,
    /// Something could not be read, so that what is missing may have been written.
    pub(crate) incomplete: bool,
    /// The attribute that was taken off the function; `None` for the top one, whose macro is running.
    pub(crate) taken: Option<Attribute>,
}

/// One option, as written.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    pub(crate) spec: &'static OptionSpec,
    pub(crate) value: Raw,
}

pub(crate) enum Raw {
    /// `name = value`
    Value(Expr),
    /// `name(pattern if guard)`
    Pattern(Filter),
}

/// A pattern to be matched against `&E`.
pub(crate) struct Filter {
    pub(crate) pattern: Pat,
    pub(crate) guard: Option<Expr>,
}

/// Reads the whole stack, top first: the running attribute's `args`, then every family attribute that still stands on
/// the function, which is taken off it.
pub(crate) fn stack(policy: Policy, args: TokenStream, attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Vec<Layer> {
    let mut read = |policy, args, taken| {
        let (entries, incomplete) = args::parse(policy, args, errors);
        Layer { policy, entries, incomplete, taken }
    };
    let mut wrong = Vec::new();
    let mut layers = vec![read(policy, args, None)];
    attrs.retain(|attr| {
        let Some(policy) = Policy::of(attr.path()) else { return true };
        let args = match &attr.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(pair) => {
                let example = options(policy)[0].example;
                wrong.push((
                    pair.value.clone(),
                    format!("options stand in parentheses: `#[{}({example})]`", policy.name()),
                ));
                TokenStream::new()
            }
        };
        layers.push(read(policy, args, Some(attr.clone())));
        false
    });
    for (value, message) in wrong {
        errors.at(value, message);
    }
    layers
}
