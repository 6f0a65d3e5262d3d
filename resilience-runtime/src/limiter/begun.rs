//! The values of the configuration file for a limiter that comes into the registry.

use super::{config::LimiterConfig, in_file::Resolved, limiter::Limiter, named::Named};
use crate::{
    file::Current,
    operation::{tell_computed, tell_refused},
};

/// The faults and the computed settings of a limiter that has just come into the registry.
pub(super) struct Begun<C>(Resolved<C>);

impl<C: LimiterConfig> Begun<C> {
    /// Gives the values of the file to a limiter that nobody has seen yet.
    pub(super) fn new<L: Limiter<Config = C>>(named: &Named<L>, current: &Current) -> Option<Self> {
        let values = current.values()?;
        let resolved = named.resolved(values);
        named.hold(&resolved.present, values.names(C::section(), named.name()));
        Some(Self(resolved))
    }

    /// Tells of them. The caller holds no lock, because the log and the subscribers run code of
    /// others.
    pub(super) fn tell(self) {
        tell_computed(self.0.computed);
        tell_refused(self.0.faults);
    }
}
