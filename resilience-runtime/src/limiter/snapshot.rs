//! The numbers of a limiter at one moment.

use std::panic::Location;

use super::counts::Totals;

/// The numbers of one limiter, or of all limiters of a name.
pub(crate) struct Snapshot<'s, C> {
    pub(crate) name: &'s str,
    /// The key, for the limiter of one key.
    pub(crate) key: Option<&'s str>,
    pub(crate) config: C,
    pub(crate) totals: Totals,
    pub(crate) declared_at: &'static Location<'static>,
}
