//! Reports of things that may happen often: the log tells of each at most once in a minute.

mod count;
mod limit;
mod uses;

pub(crate) use count::ReportedCount;
pub(crate) use limit::ReportLimit;
pub(crate) use uses::{ReportedUses, UsesReport};
