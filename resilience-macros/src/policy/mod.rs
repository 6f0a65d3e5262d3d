//! The family: the three attributes, told apart by the last segment of their path.

mod circuit_breaker;
mod retry;
mod timeout;

use std::fmt;

use crate::language::table::Table;

/// The languages of all attributes of the family.
pub(crate) const TABLES: [&Table; 3] = [retry::TABLE, circuit_breaker::TABLE, timeout::TABLE];

/// One attribute of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    Retry,
    CircuitBreaker,
    Timeout,
}

impl Policy {
    pub(crate) const ALL: [Self; 3] = [Self::Retry, Self::CircuitBreaker, Self::Timeout];

    pub(crate) fn table(self) -> &'static Table {
        match self {
            Self::Retry => retry::TABLE,
            Self::CircuitBreaker => circuit_breaker::TABLE,
            Self::Timeout => timeout::TABLE,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.table().name
    }

    /// `#[timeout]`, `#[resilience::timeout]`: a rename by `use … as …` cannot be seen from here.
    pub(crate) fn of(path: &syn::Path) -> Option<Self> {
        let last = &path.segments.last()?.ident;
        Self::ALL.into_iter().find(|policy| last == policy.name())
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#[{}]", self.name())
    }
}
