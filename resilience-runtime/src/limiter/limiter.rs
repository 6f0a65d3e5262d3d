//! The part of a policy that the registry of limiters needs.

use std::{fmt, panic::Location};

use super::{
    config::LimiterConfig, counts::Counts, present::Present, report::Report, snapshot::Snapshot,
};
use crate::{by_name::Name, keyed::Standing};

/// The types that a limiter's interface to the expansion names.
///
/// This is a public trait in a private module, because that interface is public.
pub trait LimiterTypes {
    /// Two source lines that name one limiter must agree on it.
    type Config: LimiterConfig;

    /// The error of a call that was refused.
    type Refusal;
}

/// A handle of one limiter: a clone is the same limiter.
pub(crate) trait Limiter: LimiterTypes + Clone + fmt::Debug + Send + Sync + 'static {
    /// The statistics of one limiter, or of all limiters of a name.
    type Stats;

    /// A limiter with the configuration. The switches of a file are not among it.
    fn new_at(name: Name, config: &Self::Config, declared_at: &'static Location<'static>) -> Self;

    /// A limiter with the configuration and the switches.
    fn with_name(
        name: Name,
        present: &Present<Self::Config>,
        declared_at: &'static Location<'static>,
    ) -> Self {
        let new = Self::new_at(name, &present.config, declared_at);
        new.adopt(present);
        new
    }

    /// True if both handles are of one limiter.
    fn is_same(&self, other: &Self) -> bool;

    /// Tells those who follow the limiters that this one came into the registry.
    fn came(&self) {}

    /// Tells them that the key of this one was forgotten.
    fn went(&self) {}

    /// Takes another configuration. The time that callers by handle wait stays.
    fn adopt(&self, present: &Present<Self::Config>);

    /// The state of the limiter for the decision if its key may be forgotten.
    fn standing(&self, now: u64) -> Standing;

    /// The same refusal, by the name and the key that the caller knows the limiter by.
    fn refusal_of(refusal: Self::Refusal, name: Name) -> Self::Refusal;

    /// The numbers of the limiter at this moment.
    fn snapshot(&self) -> Snapshot<'_, Self::Config>;

    /// The statistics that show the numbers. The limiter is the one that they are of, or one of
    /// those that they are the sum of.
    fn stats_of(snapshot: Snapshot<'_, Self::Config>, limiter: Option<&Self>) -> Self::Stats;

    fn counts(&self) -> Counts {
        self.snapshot().totals.counts
    }

    /// Writes a report about a name to the log.
    fn report(name: &str, report: Report<'_, Self::Config>);
}
