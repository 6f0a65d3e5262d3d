//! The error of a registration.

use std::{error::Error, fmt};

use crate::errors::Shown;

/// Another circuit or budget has the name that [`register`](super::register) or
/// [`register_budget`](super::register_budget) was to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTaken {
    name: String,
    /// The word for the thing with the name.
    kind: &'static str,
}

impl NameTaken {
    pub(super) fn circuit(name: String) -> Self {
        let kind = "circuit";
        Self { name, kind }
    }

    pub(super) fn budget(name: String) -> Self {
        let kind = "retry budget";
        Self { name, kind }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for NameTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name may come from outside, and this goes to logs.
        let (kind, name) = (self.kind, Shown::Display(&self.name));
        write!(f, "another {kind} is registered as `{name}`")
    }
}

impl Error for NameTaken {}
