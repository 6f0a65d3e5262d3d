//! The number of a state.

/// The number of a state: it changes with each opening, closing and command.
///
/// The epoch is the random number of the record, because a record that was lost begins its
/// generations anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Term {
    /// The number of the record. It is 0 if there is none.
    pub epoch: u64,
    /// The number of the state within the record.
    pub generation: u64,
}

/// The random number of a new record. Zero stands for no record.
pub(crate) fn random_epoch() -> u64 {
    rand::random::<u64>().max(1)
}
