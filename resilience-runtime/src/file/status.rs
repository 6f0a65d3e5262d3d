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

/// The configurations since the process began. One that is refused again and again, such as a file
/// that a watch cannot read, is counted once.
#[cfg(feature = "metrics")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reloads {
    pub(crate) applied: u64,
    pub(crate) refused: u64,
}

/// The status, with the content that was refused.
struct Noted {
    status: ConfigStatus,
    /// The hash of the content, because two contents may have one report.
    refused_content: u64,
    #[cfg(feature = "metrics")]
    reloads: Reloads,
}

per_scope! {
    static NOTED: Mutex<Noted> = Mutex::new(Noted {
        status: ConfigStatus {
            file: None,
            applied_at: None,
            refused: None,
        },
        refused_content: 0,
        #[cfg(feature = "metrics")]
        reloads: Reloads {
            applied: 0,
            refused: 0,
        },
    });
}

fn lock() -> MutexGuard<'static, Noted> {
    NOTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The status now.
pub(crate) fn status() -> ConfigStatus {
    lock().status.clone()
}

/// Returns the number of configurations that were applied and refused.
#[cfg(feature = "metrics")]
pub(crate) fn reloads() -> Reloads {
    lock().reloads
}

/// Notes that a configuration was applied.
pub(crate) fn note_applied(file: &str) {
    let mut noted = lock();
    noted.status = ConfigStatus {
        file: Some(file.to_owned()),
        applied_at: Some(SystemTime::now()),
        refused: None,
    };
    #[cfg(feature = "metrics")]
    {
        noted.reloads.applied += 1;
    }
}

/// Notes that a configuration was refused, with the hash of its content. False if it is the one
/// that was refused before.
pub(crate) fn note_refused(report: &str, content: u64) -> bool {
    let mut noted = lock();
    let is_new =
        noted.status.refused.as_deref() != Some(report) || noted.refused_content != content;
    noted.status.refused = Some(report.to_owned());
    noted.refused_content = content;
    #[cfg(feature = "metrics")]
    if is_new {
        noted.reloads.refused += 1;
    }
    is_new
}
