//! The attributes of the family that stand on a function, and the contradictions between them. Only
//! a certain contradiction is refused: both values must be literals, and an unusual stack is no
//! error.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Meta, Path};

use crate::emit::operation_plan::OperationPlan;
use crate::errors::Errors;
use crate::language::entry::Entry;
use crate::language::list;
use crate::language::shared::duration;
use crate::language::table::Bare;
use crate::language::value::{Literal, Setting};
use crate::policy;
use crate::policy::spec::{LiteralTime, LiteralValues, Policy};
use crate::source_text::source_text;

/// One attribute of the stack, as written.
pub(crate) struct WrittenLayer {
    pub(crate) policy: &'static Policy,
    pub(crate) entries: Vec<Entry>,
    /// An option could not be read, so that a missing one may have been meant by it.
    pub(crate) incomplete: bool,
    /// The attribute's path as it stood on the function; `None` for the top one, because its macro
    /// is running.
    pub(crate) taken: Option<Path>,
    /// Span for errors about a missing option: the options, or the path of an attribute that was
    /// taken off. Empty: underline the whole attribute (call site), because a macro is shown no
    /// token of it.
    pub(crate) anchor: TokenStream,
}

/// Reads the whole stack, top first: the options of the running attribute, then those of every
/// attribute of the family that still stands on the function. Each of them is taken off it.
pub(crate) fn read(
    policy: &'static Policy,
    args: TokenStream,
    attrs: &mut Vec<Attribute>,
    errors: &mut Errors,
) -> Vec<WrittenLayer> {
    let family = policy::family();
    let mut read = |policy: &'static Policy, args: TokenStream, taken: Option<Path>| {
        let anchor = taken
            .as_ref()
            .map_or_else(|| args.clone(), ToTokens::to_token_stream);
        let (entries, incomplete) = list::parse(policy.table, &family, args, errors);
        WrittenLayer {
            policy,
            entries,
            incomplete,
            taken,
            anchor,
        }
    };
    let mut wrong = Vec::new();
    let mut layers = vec![read(policy, args, None)];
    attrs.retain(|attr| {
        let Some(policy) = policy::of(attr.path()) else {
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

/// `#[timeout = 5s]` means the limit; a lone value of another attribute has no meaning, so the
/// message shows an example.
fn in_parentheses(policy: &Policy, value: &Expr) -> String {
    let text = source_text(&value.to_token_stream());
    let table = policy.table;
    if matches!(table.bare, Bare::Is(_)) && duration::parse(text.trim_matches('"')).is_ok() {
        return text;
    }
    table
        .options
        .first()
        .map_or_else(String::new, |spec| spec.example.to_owned())
}

/// Adds the name that one more attribute gives the operation. Each must say the same as the first.
/// Names that the macro cannot read are compared when the program is compiled.
pub(crate) fn add_name(operation: &mut OperationPlan, name: Setting, errors: &mut Errors) {
    let Some(first) = &operation.name else {
        operation.name = Some(name);
        return;
    };
    let [earlier, later] = [&first.source, &name.source].map(source_text);
    if earlier == later {
        return;
    }
    if first.literal == Literal::Unknown || name.literal == Literal::Unknown {
        operation.again.push(name);
        return;
    }
    errors.at(
        &name.source,
        format!(
            "an attribute above says `operation = {earlier}`, and a function is one operation: keep one of the two, or \
             write the same name"
        ),
    );
}

/// `layers` are top first, so that of two the first is the outer one. A value that contradicts
/// several layers is one mistake, so it gets one error.
pub(crate) fn check(layers: &[LiteralValues], errors: &mut Errors) {
    for (at, outer) in layers.iter().enumerate() {
        let inner = layers.get(at + 1..).unwrap_or_default();
        let contradictions = [
            wait_beyond_budget(outer),
            inner
                .iter()
                .find_map(|inner| time_beyond_limit(outer, inner)),
            inner.iter().find_map(|inner| same_state(outer, inner)),
            inner.iter().find_map(|inner| same_variable(outer, inner)),
        ];
        for (tokens, message) in contradictions.into_iter().flatten() {
            errors.at(tokens, message);
        }
    }
}

type Contradiction = Option<(TokenStream, String)>;

/// The first wait of a retry does not fit into its own `max_elapsed`.
fn wait_beyond_budget(layer: &LiteralValues) -> Contradiction {
    let (delay, source) = layer.first_wait.as_ref()?;
    let (budget, budget_source) = layer.longest_wait.as_ref()?;
    (delay >= budget).then(|| {
        let message = format!(
            "nothing is ever retried: the first wait is at least {delay:?}, and `max_elapsed` ends the retries at {budget:?}; \
             lower `base_delay` or raise `max_elapsed`"
        );
        (quote!(#source #budget_source), message)
    })
}

/// A time of the inner layer does not fit into the limit of the outer one.
fn time_beyond_limit(outer: &LiteralValues, inner: &LiteralValues) -> Contradiction {
    let (total, total_source) = outer.limit.as_ref()?;
    let longer = |known: &LiteralTime| known.clone().filter(|(time, _)| time > total);
    let (source, message) = if let Some((limit, source)) = longer(&inner.limit) {
        let message = format!(
            "the inner limit of {limit:?} can never be reached: the outer #[timeout] ends everything inside it after {total:?}; \
             lower the inner limit or raise the outer one"
        );
        (source, message)
    } else if let Some((delay, source)) =
        inner.first_wait.clone().filter(|(delay, _)| delay >= total)
    {
        let message = format!(
            "nothing is ever retried: the first wait is at least {delay:?}, and the #[timeout] outside ends it all after \
             {total:?}; lower `base_delay` or raise the limit"
        );
        (source, message)
    } else if let Some((wait, source)) = longer(&inner.max_wait) {
        let message = format!(
            "`max_wait` of {wait:?} can never be reached: the #[timeout] outside ends it all after {total:?}; lower `max_wait` \
             or raise the limit"
        );
        (source, message)
    } else {
        let (budget, source) = longer(&inner.longest_wait)?;
        let message = format!(
            "`max_elapsed` of {budget:?} can never be reached: the #[timeout] outside ends it all after {total:?}; lower \
             `max_elapsed` or raise the limit"
        );
        (source, message)
    };
    Some((quote!(#total_source #source), message))
}

/// Both layers declare a variable of one name, so that the body could not see the outer one.
fn same_variable(outer: &LiteralValues, inner: &LiteralValues) -> Contradiction {
    let name = outer.variable.as_ref()?;
    let again = inner.variable.as_ref().filter(|again| *again == name)?;
    let message = format!(
        "two attributes of this function give the body a variable `{name}`: give one of them another name"
    );
    Some((quote!(#again), message))
}

/// Both layers ask one shared state.
fn same_state(outer: &LiteralValues, inner: &LiteralValues) -> Contradiction {
    let state = outer.shared.as_ref()?;
    let again = inner.shared.as_ref();
    let again = again.filter(|again| again.words == state.words)?;
    let (source, again) = (&state.tokens, &again.tokens);
    let message = format!(
        "{} guards this function twice: {}; keep one, or give each a `name`",
        state.words, state.twice
    );
    Some((quote!(#source #again), message))
}
