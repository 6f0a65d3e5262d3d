//! The family: the three attributes, told apart by the last segment of their path.

use std::fmt;

/// One attribute of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    Retry,
    CircuitBreaker,
    Timeout,
}

impl Policy {
    pub(crate) const ALL: [Self; 3] = [Self::Retry, Self::CircuitBreaker, Self::Timeout];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::CircuitBreaker => "circuit_breaker",
            Self::Timeout => "timeout",
        }
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
