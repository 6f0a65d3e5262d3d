//! The errors of a store.

use std::{error::Error, fmt};

/// The failure of a request to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    kind: StoreErrorKind,
    detail: String,
}

/// The kind of a [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// No answer came in time.
    Timeout,
    /// The store cannot be reached, or ended the connection.
    Connection,
    /// The name or the password is wrong, or one is missing.
    Authentication,
    /// The user of the store may not do what a fleet needs.
    Permission,
    /// The store is full.
    Full,
    /// The store takes no writes now: it is a replica, or it loads its data.
    NotWritable,
    /// The store is older than Redis 6.
    TooOld,
    /// The keys in the store are those of a later version of this package.
    LaterFormat,
    /// The address is wrong.
    Address,
    /// The store answered with something else than expected.
    Protocol,
}

impl StoreErrorKind {
    /// The kind in one word, for events and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::Full => "full",
            Self::NotWritable => "not_writable",
            Self::TooOld => "too_old",
            Self::LaterFormat => "later_format",
            Self::Address => "address",
            Self::Protocol => "protocol",
        }
    }
}

impl StoreError {
    /// An error of that kind. `detail` is for people, and holds no secret.
    pub fn new(kind: StoreErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    /// The kind.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl Error for StoreError {}
