//! The family: its attributes, told apart by the last segment of their path.

pub(crate) mod circuit_breaker;
pub(crate) mod retry;
pub(crate) mod spec;
pub(crate) mod timeout;

use spec::Policy;

use crate::language::table::Table;

/// The policies, in the order of the documentation.
pub(crate) const POLICIES: [&Policy; 3] = [
    &retry::RETRY,
    &circuit_breaker::CIRCUIT_BREAKER,
    &timeout::TIMEOUT,
];

/// The languages of all attributes of the family.
pub(crate) fn family() -> [&'static Table; POLICIES.len()] {
    POLICIES.map(|policy| policy.table)
}

/// The policy of an attribute, as in `#[timeout]` and `#[resilience::timeout]`. A rename by `use … as …` cannot be seen from
/// here.
pub(crate) fn of(path: &syn::Path) -> Option<&'static Policy> {
    let last = &path.segments.last()?.ident;
    POLICIES.into_iter().find(|policy| last == policy.name())
}
