//! The circuits of the registry that a fleet shares.

use std::collections::BTreeSet;

/// The circuits of the registry that a fleet shares.
#[derive(Clone, Debug)]
pub(crate) enum Shared {
    Named(BTreeSet<String>),
    All,
}

impl Shared {
    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(name),
        }
    }
}
