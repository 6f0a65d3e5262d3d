//! The questions of code about the deadline that it runs under.

use std::{
    cell::{Cell, OnceCell},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::frame::Frame;
use crate::clock::{self, NEVER};

thread_local! {
    // On a worker thread, the flag that the caller of its present body sets when it gives up.
    static ABANDONED: OnceCell<Arc<AtomicBool>> = const { OnceCell::new() };
    // True on a worker thread. It is apart from the flag, because it needs no drop and is read
    // before each retry.
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// The deadline that this code runs under: the earliest one of all `#[timeout]`s around it, async
/// or sync, and of [`with_deadline`](crate::with_deadline).
///
/// `None` outside of them, and if their limits are [`Duration::MAX`].
///
/// The deadline belongs to the code that a timeout runs: to its future, whichever thread polls it,
/// or to its sync body. Another task or thread that this code starts has no deadline, unless
/// [`inherit`](crate::inherit) or [`inherit_blocking`](crate::inherit_blocking) carries it there. A
/// stream that a function returns is polled outside of the function's timeout. The tasks of a
/// `LocalSet` that is polled inside of a timeout run inside of it.
///
/// ```
/// use std::time::Duration;
/// use resilience::{TimedOut, deadline, timeout};
/// use tokio::time::Instant;
///
/// #[timeout(60s)]
/// async fn query() -> Result<Duration, TimedOut> {
///     let deadline = deadline().expect("inside of a timeout");
///     Ok(deadline - Instant::now())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert!(query().await.unwrap() <= Duration::from_secs(60));
/// assert_eq!(deadline(), None);
/// # }
/// ```
pub fn deadline() -> Option<Instant> {
    match Frame::current().deadline() {
        NEVER => None,
        deadline => Some(clock::instant(deadline)),
    }
}

/// The time until the [`deadline`] that this code runs under. It is zero once the deadline has
/// passed.
///
/// ```
/// use std::time::Duration;
/// use resilience::{TimedOut, remaining, timeout};
/// use tokio::time::sleep;
///
/// #[timeout(60s)]
/// async fn query() -> Result<(), TimedOut> {
///     sleep(Duration::from_secs(20)).await;
///     assert_eq!(remaining(), Some(Duration::from_secs(40)));
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// query().await.unwrap();
/// assert_eq!(remaining(), None);
/// # }
/// ```
pub fn remaining() -> Option<Duration> {
    match Frame::current().deadline() {
        NEVER => None,
        deadline => Some(clock::span(clock::remaining(deadline, clock::now()))),
    }
}

/// True if nobody waits any more for the sync `#[timeout]` body that asks.
///
/// In thread mode the caller has got its error then; in cooperative mode the deadline has passed.
/// `false` outside of a sync `#[timeout]`.
///
/// ```no_run
/// use std::time::Duration;
/// use resilience::TimeoutConfig;
///
/// # let files: Vec<String> = Vec::new();
/// # fn index(_: &str) {}
/// let _ = TimeoutConfig::new(Duration::from_secs(60)).run_thread(move || {
///     for file in &files {
///         if resilience::is_abandoned() {
///             return;
///         }
///         index(file);
///     }
/// });
/// ```
pub fn is_abandoned() -> bool {
    let frame = Frame::current();
    IS_WORKER.get() && is_flag_set()
        || frame.is_in_place() && frame.deadline() != NEVER && clock::now() > frame.deadline()
}

/// True if the caller of this worker's body has given up.
fn is_flag_set() -> bool {
    // Only in a thread that is ending is there no value.
    ABANDONED
        .try_with(|flag| flag.get().is_some_and(|flag| flag.load(Ordering::Relaxed)))
        .unwrap_or(false)
}

/// True if a wait of `delay` would reach the deadline, or if the body is abandoned already.
#[inline]
pub(crate) fn would_outlast(delay: Duration) -> bool {
    let may_be_late = IS_WORKER.get() || Frame::current().deadline() != NEVER;
    may_be_late && is_late_after(delay)
}

fn is_late_after(delay: Duration) -> bool {
    if is_abandoned() {
        return true;
    }
    let deadline = Frame::current().deadline();
    deadline != NEVER && clock::now().saturating_add(clock::nanos(delay)) >= deadline
}

/// True if the deadline that this code runs under has ended a timeout inside of it.
///
/// A layer above a timeout of its own stack asks it to know where an error comes from, because the
/// user's error type may have lost the mark. The answer stays true for the rest of the code, and
/// that misleads nobody: the deadline has passed, so no body of a timeout begins any more.
pub(crate) fn was_reached() -> bool {
    Frame::current().is_reached()
}

/// Makes this thread a worker. The caller of its present body gives up by setting `flag`.
pub(crate) fn set_abandoned_flag(flag: Arc<AtomicBool>) {
    ABANDONED.with(|own| {
        let first = own.set(flag).is_ok();
        debug_assert!(first, "a thread is one worker at most");
    });
    IS_WORKER.set(true);
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const TICK: Duration = Duration::from_nanos(1);

    fn after(delay: Duration) -> u64 {
        clock::moment(Instant::now() + delay)
    }

    #[test]
    fn outside_of_a_timeout_there_is_no_deadline_and_no_abandonment() {
        assert_eq!((deadline(), remaining()), (None, None));
        assert!(!is_abandoned());
        assert!(!would_outlast(Duration::MAX));
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_is_the_instant_that_was_set() {
        let at = Instant::now() + MINUTE;
        let _body = Frame::current().asked_to_end_at(clock::moment(at)).enter();
        assert_eq!((deadline(), remaining()), (Some(at), Some(MINUTE)));
        tokio::time::advance(MINUTE * 2).await;
        assert_eq!((deadline(), remaining()), (Some(at), Some(Duration::ZERO)));
    }

    #[tokio::test(start_paused = true)]
    async fn in_place_a_body_is_abandoned_only_after_its_deadline() {
        let _body = Frame::current().in_place_until(after(MINUTE)).enter();
        assert!(!is_abandoned());
        tokio::time::advance(MINUTE).await;
        assert!(
            !is_abandoned(),
            "a result that is there at the deadline is in time"
        );
        tokio::time::advance(TICK).await;
        assert!(is_abandoned());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_would_reach_the_deadline_outlasts_it() {
        for frame in [
            Frame::current().in_place_until(after(MINUTE + TICK)),
            Frame::current().dropped_at(after(MINUTE + TICK)),
            Frame::current().asked_to_end_at(after(MINUTE + TICK)),
        ] {
            let _body = frame.enter();
            assert!(!would_outlast(MINUTE));
            assert!(would_outlast(MINUTE + TICK));
            assert!(would_outlast(Duration::MAX));
        }
    }

    #[test]
    fn on_a_worker_the_callers_flag_decides_and_not_the_clock() {
        thread::spawn(|| {
            let flag = Arc::new(AtomicBool::new(false));
            set_abandoned_flag(Arc::clone(&flag));
            let _body = Frame::on_worker(after(Duration::ZERO)).enter();
            assert!(!is_abandoned());
            flag.store(true, Ordering::Relaxed);
            assert!(is_abandoned());
            assert!(would_outlast(Duration::ZERO));
            // A nested body is abandoned with the body around it.
            let _nested = Frame::current().in_place_until(after(MINUTE)).enter();
            assert!(is_abandoned());
        })
        .join()
        .unwrap();
    }
}
