//! The attributes of the family that stand on a function.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Meta, Path};

use crate::errors::Errors;
use crate::language::entry::Entry;
use crate::language::table::Bare;
use crate::language::{duration, list};
use crate::policy::{Policy, TABLES};
use crate::source_text::source_text;

/// One attribute of the stack, as written.
pub(crate) struct Layer {
    pub(crate) policy: Policy,
    pub(crate) entries: Vec<Entry>,
    /// An option could not be read, so that a missing one may have been meant by it.
    pub(crate) incomplete: bool,
    /// The attribute's path as it stood on the function; `None` for the top one, because its macro is running.
    pub(crate) taken: Option<Path>,
    /// Span for errors about a missing option: the options, or the path of an attribute that was taken off. Empty: underline
    /// the whole attribute (call site), because a macro is shown no token of it.
    pub(crate) place: TokenStream,
}

/// Reads the whole stack, top first: the running attribute's `args`, then every family attribute that still stands on
/// the function, which is taken off it.
pub(crate) fn read(
    policy: Policy,
    args: TokenStream,
    attrs: &mut Vec<Attribute>,
    errors: &mut Errors,
) -> Vec<Layer> {
    let mut read = |policy: Policy, args: TokenStream, taken: Option<Path>| {
        let place = taken
            .as_ref()
            .map_or_else(|| args.clone(), ToTokens::to_token_stream);
        let (entries, incomplete) = list::parse(policy.table(), &TABLES, args, errors);
        Layer {
            policy,
            entries,
            incomplete,
            taken,
            place,
        }
    };
    let mut wrong = Vec::new();
    let mut layers = vec![read(policy, args, None)];
    attrs.retain(|attr| {
        let Some(policy) = Policy::of(attr.path()) else {
            return true;
        };
        let args = match &attr.meta {
            Meta::List(list) => list.tokens.clone(),
            Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
        };
        let mut layer = read(policy, args, Some(attr.path().clone()));
        if let Meta::NameValue(pair) = &attr.meta {
            layer.incomplete = true;
            let (equals, value) = (&pair.eq_token, &pair.value);
            wrong.push((
                quote!(#equals #value),
                format!(
                    "options stand in parentheses: write `#[{}({})]`",
                    policy.name(),
                    in_parentheses(policy, value)
                ),
            ));
        }
        layers.push(layer);
        false
    });
    for (tokens, message) in wrong {
        errors.at(tokens, message);
    }
    layers
}

/// `#[timeout = 5s]` means the limit; a lone value of another attribute has no meaning, so the message shows an example.
fn in_parentheses(policy: Policy, value: &Expr) -> String {
    let text = source_text(&value.to_token_stream());
    let table = policy.table();
    if matches!(table.bare, Bare::Is(_)) && duration::parse(text.trim_matches('"')).is_ok() {
        return text;
    }
    table
        .options
        .first()
        .map_or_else(String::new, |spec| spec.example.to_owned())
}
