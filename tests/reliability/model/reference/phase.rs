//! The phases of the reference.

use std::time::Duration;

use resilience::CircuitState::{self, Closed, HalfOpen, Open};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Closed,
    /// Probes from then on; `None` is never.
    Open(Option<Duration>),
    HalfOpen,
    Isolated,
}

/// A phase without its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Closed,
    Open,
    HalfOpen,
    Isolated,
}

impl Phase {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Closed => Kind::Closed,
            Self::Open(_) => Kind::Open,
            Self::HalfOpen => Kind::HalfOpen,
            Self::Isolated => Kind::Isolated,
        }
    }
}

impl Kind {
    pub(super) fn state(self) -> CircuitState {
        match self {
            Self::Closed => Closed,
            Self::Open | Self::Isolated => Open,
            Self::HalfOpen => HalfOpen,
        }
    }
}
