//! The family: its attributes, told apart by the last segment of their path.

mod budget;
pub(crate) mod bulkhead;
pub(crate) mod circuit_breaker;
mod clone;
#[cfg(resilience_test_policy)]
pub(crate) mod every_third;
pub(crate) mod fallback;
pub(crate) mod hedge;
mod keys;
mod limiter;
pub(crate) mod rate_limit;
pub(crate) mod retry;
pub(crate) mod spec;
pub(crate) mod timeout;

use spec::Policy;

use crate::language::table::Table;

/// The policies, in the order of the documentation.
const POLICIES: &[&Policy] = &[
    &retry::RETRY,
    &circuit_breaker::CIRCUIT_BREAKER,
    &timeout::TIMEOUT,
    &fallback::FALLBACK,
    &bulkhead::BULKHEAD,
    &rate_limit::RATE_LIMIT,
    &hedge::HEDGE,
    #[cfg(resilience_test_policy)]
    &every_third::EVERY_THIRD,
];

pub(crate) fn policies() -> impl Iterator<Item = &'static Policy> {
    POLICIES.iter().copied()
}

/// The languages of all attributes of the family.
pub(crate) fn family() -> Vec<&'static Table> {
    policies().map(|policy| policy.table).collect()
}

/// The policy of an attribute, as in `#[timeout]` and `#[resilience::timeout]`. A rename by
/// `use … as …` cannot be seen from here.
pub(crate) fn of(path: &syn::Path) -> Option<&'static Policy> {
    let last = &path.segments.last()?.ident;
    policies().find(|policy| last == policy.name())
}
