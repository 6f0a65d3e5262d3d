//! The histograms of operations, which are recorded while calls run.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{Histogram, Key, Recorder, with_recorder};

use super::catalogue::{ATTEMPT_DURATION, RETRY_DELAY};
use super::global_recorder::is_known_as_global;
use super::labels::{LabelValues, warn_of_overflow};
use super::series::CountedKey;
use super::sink::METADATA;
use crate::clock;

/// A handle is used again for so long after its last use. A recorder may forget a series that was
/// idle for longer, and what is told to its handle is lost then.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// The histograms of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    Success,
    Failure,
    /// The waits of a call.
    Waits,
}

const HISTOGRAMS: usize = 3;

impl Recorded {
    fn key(self, operation: &str) -> Key {
        let operation = ("operation", operation);
        let key = |metric, labels| CountedKey::new(metric, labels).shared;
        match self {
            Self::Success => key(&ATTEMPT_DURATION, &[operation, ("outcome", "success")]),
            Self::Failure => key(&ATTEMPT_DURATION, &[operation, ("outcome", "failure")]),
            Self::Waits => key(&RETRY_DELAY, &[operation]),
        }
    }
}

/// The operations that have durations, and their handles.
struct Histograms {
    operations: LabelValues,
    kept: HashMap<String, [Option<Kept>; HISTOGRAMS]>,
}

/// A handle of the recorder of the process, and the moment of the clock of its last use.
struct Kept {
    handle: Histogram,
    used_at: u64,
}

static HISTOGRAMS_OF_ALL: LazyLock<Mutex<Histograms>> = LazyLock::new(|| {
    Mutex::new(Histograms {
        operations: LabelValues::new("operation"),
        kept: HashMap::new(),
    })
});

/// Adds a value to a histogram at the moment `now` of the clock.
pub(crate) fn record(operation: &str, what: Recorded, value: Duration, now: u64) {
    with_recorder(|recorder| {
        let handle = handle(recorder, operation, what, now);
        handle.record(value.as_secs_f64());
    });
}

/// The handle that is kept, or that of the recorder. The recorder is code of others, and is asked
/// under no lock.
fn handle(recorder: &dyn Recorder, operation: &str, what: Recorded, now: u64) -> Histogram {
    let is_kept = is_known_as_global(recorder);
    let (operation, is_first_beyond) = {
        let mut histograms = lock();
        let operation = histograms.operations.bounded(operation);
        if let Some(kept) = histograms.kept(operation, what).filter(|_| is_kept) {
            if let Some(handle) = kept.again(now) {
                return handle;
            }
        }
        (operation, histograms.operations.is_first_beyond())
    };
    if is_first_beyond {
        warn_of_overflow("operation");
    }
    let handle = recorder.register_histogram(&what.key(operation), &METADATA);
    if is_kept {
        // The handle of before is the recorder's code, so it is dropped without the lock.
        let before = lock().keep(operation, what, handle.clone(), now);
        drop(before);
    }
    handle
}

fn lock() -> MutexGuard<'static, Histograms> {
    // Nothing panics under the lock.
    HISTOGRAMS_OF_ALL
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

impl Histograms {
    fn kept(&mut self, operation: &str, what: Recorded) -> Option<&mut Kept> {
        self.kept.get_mut(operation)?[what as usize].as_mut()
    }

    /// Keeps a handle and returns the one of before.
    fn keep(
        &mut self,
        operation: &str,
        what: Recorded,
        handle: Histogram,
        now: u64,
    ) -> Option<Kept> {
        let of_operation = self.kept.entry(operation.to_owned()).or_default();
        of_operation[what as usize].replace(Kept {
            handle,
            used_at: now,
        })
    }
}

impl Kept {
    fn again(&mut self, now: u64) -> Option<Histogram> {
        let idle = clock::span(now.saturating_sub(self.used_at));
        if idle >= KEPT_FOR {
            return None;
        }
        self.used_at = now;
        Some(self.handle.clone())
    }
}
