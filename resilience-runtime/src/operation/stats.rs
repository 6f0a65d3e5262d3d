//! The statistics of an operation.

use std::panic::Location;

#[cfg(feature = "config")]
use super::description::ResolvedSetting;
use super::{
    counters::{Counts, GaveUpCounts},
    description::PolicyDescription,
    table::{self, Entry},
};

/// The statistics of one operation, that is of all annotated functions with its name.
///
/// Only what went wrong is counted, because a success at the first attempt costs nothing. Each
/// count is **since the start of the process** and is never reset. Calls go on while the counts are
/// read, so that they may be a call apart from each other.
///
/// A function is listed from its first call on. Values such as
/// [`RetryConfig::run_async`](crate::RetryConfig::run_async) are no annotated functions and have no
/// statistics, whatever operation they name in logs and events.
///
/// ```
/// use resilience::{registry, retry};
///
/// #[retry(max_retries = 2, base_delay = 0s, operation = "stats_doc.fetch")]
/// fn fetch(calls: &mut u32) -> Result<u32, &'static str> {
///     *calls += 1;
///     if *calls < 3 { Err("busy") } else { Ok(*calls) }
/// }
///
/// assert!(registry::operation("stats_doc.fetch").is_none(), "it has not run");
/// assert_eq!(fetch(&mut 0), Ok(3));
/// let stats = registry::operation("stats_doc.fetch").unwrap();
/// assert_eq!((stats.retries, stats.recovered, stats.gave_up.total()), (2, 1, 0));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OperationStats {
    /// The name: the one that `operation = …` gives, or the module path and the name of the
    /// function.
    pub name: String,
    /// The top attribute of the function. If several functions have the name, it is that of the one
    /// that ran first.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::place"))]
    pub declared_at: &'static Location<'static>,
    /// The policies from top to bottom, each with its settings. If several functions have the name,
    /// they are those of the function that ran first.
    pub stack: Vec<PolicyDescription>,
    /// The attempts that followed a failed one.
    pub retries: u64,
    /// The calls that succeeded after a retry.
    pub recovered: u64,
    /// The calls that a retry gave up, by the reason.
    pub gave_up: GaveUpCounts,
    /// The calls that reached the limit of a timeout.
    pub timeouts: u64,
    /// The bodies that a sync timeout left running on their worker thread, because nothing can
    /// interrupt them.
    pub abandoned_bodies: u64,
    /// The calls that a fallback answered.
    pub fallbacks: u64,
    /// The attempts that a hedge started beside a slow one, or behind a failed one.
    pub hedges: u64,
}

/// The statistics of the operation of that name.
pub(crate) fn operation(name: &str) -> Option<OperationStats> {
    let (name, entry) = table::find(name)?;
    stats(name, &entry)
}

/// The settings of all functions with that name.
#[cfg(feature = "config")]
pub(crate) fn describe(name: &str) -> Vec<ResolvedSetting> {
    let Some((_, entry)) = table::find(name) else {
        return Vec::new();
    };
    let stacks = entry
        .functions
        .iter()
        .map(|function| function.describe_now());
    let policies = stacks.flatten();
    policies.flat_map(|policy| policy.settings).collect()
}

/// The statistics of all operations, sorted by name.
pub(crate) fn operations() -> Vec<OperationStats> {
    let entries = table::all().into_iter();
    entries
        .filter_map(|(name, entry)| stats(name, &entry))
        .collect()
}

fn stats(name: &str, entry: &Entry) -> Option<OperationStats> {
    let first = entry.functions.first()?;
    let Counts {
        retries,
        recovered,
        gave_up,
        timeouts,
        abandoned_bodies,
        fallbacks,
        hedges,
    } = entry.counters.read();
    Some(OperationStats {
        name: name.to_owned(),
        declared_at: first.declared_at(),
        stack: first.describe_now(),
        retries,
        recovered,
        gave_up,
        timeouts,
        abandoned_bodies,
        fallbacks,
        hedges,
    })
}
