//! A limiter as the value of a key in a map.

use std::fmt;

use super::{counts::Counts, limiter::Limiter};
use crate::keyed::{KeyedValue, Standing};

/// A limiter as the value of a key.
#[derive(Debug)]
pub(crate) struct Keyed<L>(pub(super) L);

/// The state that all keys of a name have in common.
pub(crate) struct Common<L: Limiter> {
    pub(super) overflow: Option<L>,
    /// The counts of the keys that were forgotten.
    pub(super) counts_of_evicted: Counts,
}

impl<L: Limiter> Default for Common<L> {
    fn default() -> Self {
        Self {
            overflow: None,
            counts_of_evicted: Counts::default(),
        }
    }
}

impl<L: Limiter> fmt::Debug for Common<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Common")
            .field("overflow", &self.overflow)
            .field("counts_of_evicted", &self.counts_of_evicted)
            .finish()
    }
}

impl<L: Limiter> KeyedValue for Keyed<L> {
    type Common = Common<L>;

    fn standing(&self, now: u64) -> Option<Standing> {
        Some(self.0.standing(now))
    }

    fn note_eviction(&self, common: &mut Common<L>) {
        common.counts_of_evicted.add(self.0.counts());
    }
}
