//! The errors of a fleet.

use std::{error::Error, fmt};

use crate::store::{StoreError, StoreErrorKind};

/// The failure of a start, or of a command to the fleet.
///
/// The text names the fault of the address, the password, the permissions or the version of the
/// server. It never holds a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetError(Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Store(StoreError),
    Namespace(String),
    Replica(String),
    NothingShared,
    NotShared(String),
    Ended,
}

/// The kind of a [`FleetError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FleetErrorKind {
    /// The store failed.
    Store(StoreErrorKind),
    /// The namespace has characters that it may not have.
    Namespace,
    /// The name of the replica has characters that it may not have.
    Replica,
    /// The builder names no circuits and no rate limits to share.
    NothingShared,
    /// The circuit is not shared.
    NotShared,
    /// The fleet was dropped.
    Ended,
}

impl FleetError {
    pub(crate) fn namespace(namespace: &str) -> Self {
        Self(Fault::Namespace(namespace.to_owned()))
    }

    pub(crate) fn replica(replica: &str) -> Self {
        Self(Fault::Replica(replica.to_owned()))
    }

    pub(crate) fn nothing_shared() -> Self {
        Self(Fault::NothingShared)
    }

    pub(crate) fn not_shared(circuit: &str) -> Self {
        Self(Fault::NotShared(circuit.to_owned()))
    }

    pub(crate) fn no_store() -> Self {
        let detail = "the store of the fleet cannot be reached";
        Self(Fault::Store(StoreError::new(
            StoreErrorKind::Connection,
            detail,
        )))
    }

    pub(crate) fn ended() -> Self {
        Self(Fault::Ended)
    }

    /// The kind.
    pub fn kind(&self) -> FleetErrorKind {
        match &self.0 {
            Fault::Store(error) => FleetErrorKind::Store(error.kind()),
            Fault::Namespace(_) => FleetErrorKind::Namespace,
            Fault::Replica(_) => FleetErrorKind::Replica,
            Fault::NothingShared => FleetErrorKind::NothingShared,
            Fault::NotShared(_) => FleetErrorKind::NotShared,
            Fault::Ended => FleetErrorKind::Ended,
        }
    }
}

impl From<StoreError> for FleetError {
    fn from(error: StoreError) -> Self {
        Self(Fault::Store(error))
    }
}

impl fmt::Display for FleetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::Store(error) => error.fmt(f),
            Fault::Namespace(name) => write!(
                f,
                "the namespace {name:?} must have 1 to 64 letters, digits, `_`, `-` or `.`, like orders-prod"
            ),
            Fault::Replica(name) => write!(
                f,
                "the replica {name:?} must have 1 to 128 characters without spaces, like orders-7f9c"
            ),
            Fault::NothingShared => f.write_str(
                "the fleet shares nothing: name circuits with `share([\"jira\"])`, or use `share_all()`, or name rate limits with `share_rate_limits([\"api\"])`",
            ),
            Fault::NotShared(name) => write!(
                f,
                "the circuit {name:?} is not shared: name it in `share`, or use `share_all()`"
            ),
            Fault::Ended => f.write_str("the fleet has ended"),
        }
    }
}

impl Error for FleetError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Fault::Store(error) => Some(error),
            _ => None,
        }
    }
}
