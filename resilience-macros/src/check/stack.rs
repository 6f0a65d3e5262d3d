//! Contradictions between layers. Only what is certain is refused: both numbers must be literals, and what is merely
//! unusual stays silent.

use std::time::Duration;

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::errors::Errors;
use crate::language::value::Literal;
use crate::language::values::Values;
use crate::policy::Policy;
use crate::source_text::source_text;

/// A value known while the macro runs, with the tokens that say it.
type Known = Option<(Duration, TokenStream)>;

/// What one layer says in literals.
pub(super) struct Facts {
    /// `#[timeout]`: the limit.
    limit: Known,
    /// `#[retry]`: the shortest that the wait before the first retry can be.
    first_delay: Known,
    max_elapsed: Known,
    /// `#[circuit_breaker]`: what tells its circuit from others, with the tokens that say it.
    circuit: Option<(String, TokenStream)>,
}

impl Facts {
    pub(super) fn of(policy: Policy, values: &Values<'_>) -> Self {
        let duration = |name| {
            let setting = values.setting(name)?;
            Some((setting.literal.duration()?, setting.written.clone()))
        };
        Self {
            limit: duration("limit"),
            first_delay: if policy == Policy::Retry {
                first_delay(values)
            } else {
                None
            },
            max_elapsed: duration("max_elapsed"),
            circuit: if policy == Policy::CircuitBreaker {
                circuit(values)
            } else {
                None
            },
        }
    }
}

/// A name, a breaker that is a place and no call, or the default name.
fn circuit(values: &Values<'_>) -> Option<(String, TokenStream)> {
    if let Some(name) = values.setting("name") {
        return Some((
            format!("the circuit {}", source_text(&name.written)),
            name.written.clone(),
        ));
    }
    if let Some(breaker) = values.expr("breaker") {
        let tokens = breaker.to_token_stream();
        let is_place = !matches!(tokens.clone().into_iter().last(), Some(TokenTree::Group(_)));
        return is_place.then(|| (format!("the circuit of `{}`", source_text(&tokens)), tokens));
    }
    (!values.incomplete).then(|| {
        (
            "the circuit of the function's own name".to_owned(),
            values.place.clone(),
        )
    })
}

fn first_delay(values: &Values<'_>) -> Known {
    // An option that was refused may have said something else.
    let unknown = values.incomplete
        || ["config", "delay_hint"]
            .iter()
            .any(|name| values.key(name).is_some());
    let base = values.setting("base_delay").filter(|_| !unknown)?;
    let delay = base.literal.duration()?;
    let shortest = match values.setting("jitter").map(|jitter| jitter.literal) {
        Some(Literal::Word("None" | "Decorrelated")) => delay,
        Some(Literal::Word("Equal")) => delay / 2,
        _ => Duration::ZERO,
    };
    Some((shortest, base.written.clone()))
}

/// `layers` are top first, so that of two the first is the outer one. A value that contradicts several layers is one
/// mistake, so it gets one error.
pub(super) fn check(layers: &[Facts], errors: &mut Errors) {
    for (at, outer) in layers.iter().enumerate() {
        let inner = layers.get(at + 1..).unwrap_or_default();
        let contradictions = [
            wait_beyond_budget(outer),
            inner
                .iter()
                .find_map(|inner| time_beyond_limit(outer, inner)),
            inner.iter().find_map(|inner| same_circuit(outer, inner)),
        ];
        for (tokens, message) in contradictions.into_iter().flatten() {
            errors.at(tokens, message);
        }
    }
}

type Contradiction = Option<(TokenStream, String)>;

/// The first wait of a retry does not fit into its own `max_elapsed`.
fn wait_beyond_budget(layer: &Facts) -> Contradiction {
    let (delay, written) = layer.first_delay.as_ref()?;
    let (budget, budget_written) = layer.max_elapsed.as_ref()?;
    (delay >= budget).then(|| {
        let message = format!(
            "nothing is ever retried: the first wait is at least {delay:?}, and `max_elapsed` ends the retries at {budget:?}; \
             lower `base_delay` or raise `max_elapsed`"
        );
        (quote!(#written #budget_written), message)
    })
}

/// A time of the inner layer does not fit into the limit of the outer one.
fn time_beyond_limit(outer: &Facts, inner: &Facts) -> Contradiction {
    let (total, total_written) = outer.limit.as_ref()?;
    let longer = |known: &Known| known.clone().filter(|(time, _)| time > total);
    let (written, message) = if let Some((limit, written)) = longer(&inner.limit) {
        let message = format!(
            "the inner limit of {limit:?} can never be reached: the outer #[timeout] ends everything inside it after {total:?}; \
             lower the inner limit or raise the outer one"
        );
        (written, message)
    } else if let Some((delay, written)) = inner
        .first_delay
        .clone()
        .filter(|(delay, _)| delay >= total)
    {
        let message = format!(
            "nothing is ever retried: the first wait is at least {delay:?}, and the #[timeout] outside ends it all after \
             {total:?}; lower `base_delay` or raise the limit"
        );
        (written, message)
    } else {
        let (budget, written) = longer(&inner.max_elapsed)?;
        let message = format!(
            "`max_elapsed` of {budget:?} can never be reached: the #[timeout] outside ends it all after {total:?}; lower \
             `max_elapsed` or raise the limit"
        );
        (written, message)
    };
    Some((quote!(#total_written #written), message))
}

/// Both layers ask one circuit.
fn same_circuit(outer: &Facts, inner: &Facts) -> Contradiction {
    let (circuit, written) = outer.circuit.as_ref()?;
    let (_, again) = inner.circuit.as_ref().filter(|(same, _)| same == circuit)?;
    let message = format!(
        "{circuit} guards this function twice: a probe would take its slot outside and be refused inside; keep one, or \
         give each a `name`"
    );
    Some((quote!(#written #again), message))
}
