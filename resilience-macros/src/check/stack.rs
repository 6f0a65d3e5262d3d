//! Contradictions between layers. Only what is certain is refused: both numbers must be literals, and what is merely
//! unusual stays silent.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

use super::Literal;
use super::values::Values;
use crate::errors::Errors;
use crate::policy::Policy;

/// A value known while the macro runs, with the tokens that say it.
type Known = Option<(Duration, TokenStream)>;

/// What one layer says in literals.
pub(super) struct Facts {
    /// `#[timeout]`: the limit.
    limit: Known,
    /// `#[retry]`: the shortest that the wait before the first retry can be.
    first_delay: Known,
    max_elapsed: Known,
    /// `#[circuit_breaker]` of the registry: its name, empty if it is the function's, and where it is said.
    name: Option<(String, TokenStream)>,
}

impl Facts {
    pub(super) fn of(values: &Values) -> Self {
        let duration = |name| {
            let setting = values.setting(name)?;
            Some((setting.literal.duration()?, setting.written.clone()))
        };
        let name = match values.setting("name") {
            Some(name) => Some((name.written.to_string(), name.written.clone())),
            None if values.policy == Policy::CircuitBreaker
                && values.key("breaker").is_none()
                && !values.incomplete =>
            {
                let attribute = Ident::new(values.policy.name(), values.span);
                Some((String::new(), attribute.into_token_stream()))
            }
            None => None,
        };
        Self {
            limit: duration("limit"),
            first_delay: if values.policy == Policy::Retry { first_delay(values) } else { None },
            max_elapsed: duration("max_elapsed"),
            name,
        }
    }
}

fn first_delay(values: &Values) -> Known {
    let unknown = ["config", "delay_hint"].iter().any(|name| values.key(name).is_some());
    let base = values.setting("base_delay").filter(|_| !unknown)?;
    let delay = base.literal.duration()?;
    let shortest = match values.setting("jitter").map(|jitter| jitter.literal) {
        Some(Literal::Word("None" | "Decorrelated")) => delay,
        Some(Literal::Word("Equal")) => delay / 2,
        _ => Duration::ZERO,
    };
    Some((shortest, base.written.clone()))
}

/// `layers` are top first, so that of two the first is the outer one.
pub(super) fn check(layers: &[Facts], errors: &mut Errors) {
    for (at, outer) in layers.iter().enumerate() {
        if let (Some((delay, written)), Some((budget, budget_written))) = (&outer.first_delay, &outer.max_elapsed) {
            if delay >= budget {
                errors.at(
                    quote!(#written #budget_written),
                    format!("nothing is ever retried: the first wait is at least {delay:?}, and `max_elapsed` ends the retries at {budget:?}"),
                );
            }
        }
        for inner in layers.iter().skip(at + 1) {
            pair(outer, inner, errors);
        }
    }
}

fn pair(outer: &Facts, inner: &Facts, errors: &mut Errors) {
    if let Some((total, total_written)) = &outer.limit {
        if let Some((limit, written)) = inner.limit.as_ref().filter(|(limit, _)| limit > total) {
            errors.at(
                quote!(#total_written #written),
                format!(
                    "the inner limit of {limit:?} can never be reached: the outer #[timeout] ends everything inside it after {total:?}; \
                     lower the inner limit or raise the outer one"
                ),
            );
        }
        if let Some((delay, written)) = inner.first_delay.as_ref().filter(|(delay, _)| delay >= total) {
            errors.at(
                quote!(#total_written #written),
                format!(
                    "nothing is ever retried: the first wait is at least {delay:?}, and the #[timeout] outside ends it all after {total:?}"
                ),
            );
        }
        if let Some((budget, written)) = inner.max_elapsed.as_ref().filter(|(budget, _)| budget > total) {
            errors.at(
                quote!(#total_written #written),
                format!(
                    "`max_elapsed` of {budget:?} can never be reached: the #[timeout] outside ends it all after {total:?}; lower \
                     `max_elapsed` or raise the limit"
                ),
            );
        }
    }
    let (Some((name, written)), Some((same, again))) = (&outer.name, &inner.name) else { return };
    if name == same {
        let subject =
            if name.is_empty() { "same circuit, the function's own,".to_owned() } else { format!("circuit {name}") };
        errors.at(
            if name.is_empty() { again.clone() } else { quote!(#written #again) },
            format!("the {subject} guards this function twice: a probe would take its slot outside and be refused inside; keep one"),
        );
    }
}
