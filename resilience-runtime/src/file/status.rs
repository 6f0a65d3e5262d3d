//! The configuration that was applied last, and the report of one that was refused since then.

// The lock is the standard library's, because loom's cannot be a static.
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::scope::per_scope;

/// The configuration file of the process at one moment, in
/// [`RegistrySnapshot`](crate::registry::RegistrySnapshot).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ConfigStatus {
    /// The path of the file that was applied last, as it was given, or `apply` for a text that is
    /// no file. It is `None` if none was applied.
    pub file: Option<String>,
    /// The time at which it was applied.
    #[cfg_attr(feature = "serde", serde(serialize_with = "rfc3339"))]
    pub applied_at: Option<SystemTime>,
    /// The faults of a configuration that was refused after that.
    pub refused: Option<String>,
}

#[cfg(feature = "serde")]
#[expect(
    clippy::ref_option,
    reason = "serde calls it with a reference to the field"
)]
fn rfc3339<S: serde::Serializer>(
    time: &Option<SystemTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => crate::serialize::rfc3339(time, serializer),
        None => serializer.serialize_none(),
    }
}

per_scope! {
    static STATUS: Mutex<ConfigStatus> = Mutex::new(ConfigStatus {
        file: None,
        applied_at: None,
        refused: None,
    });
}

fn lock() -> MutexGuard<'static, ConfigStatus> {
    STATUS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The status now.
pub(crate) fn status() -> ConfigStatus {
    lock().clone()
}

/// Notes that a configuration was applied.
pub(crate) fn note_applied(file: &str) {
    *lock() = ConfigStatus {
        file: Some(file.to_owned()),
        applied_at: Some(SystemTime::now()),
        refused: None,
    };
}

/// Notes that a configuration was refused. False if it is the one that was refused before.
pub(crate) fn note_refused(report: &str) -> bool {
    let mut status = lock();
    let is_new = status.refused.as_deref() != Some(report);
    status.refused = Some(report.to_owned());
    is_new
}
