//! What a sync body may ask about the timeout it runs under.

use std::{
    cell::{Cell, OnceCell},
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// What this thread runs under.
#[derive(Clone, Copy)]
struct Frame {
    deadline: Option<Instant>,
    /// In place: nobody gives the body up, so it has to look at the clock itself.
    cooperative: bool,
}

thread_local! {
    static FRAME: Cell<Frame> = const {
        Cell::new(Frame { deadline: None, cooperative: false })
    };
    // On a worker thread, the flag that the caller of its present body sets when it gives up.
    static ABANDONED: OnceCell<Arc<AtomicBool>> = const { OnceCell::new() };
}

/// The deadline of the sync `#[timeout]` this code runs in; of nested ones, the earliest.
///
/// `None` outside of one, or if the limit is [`Duration::MAX`]. On other threads than the body's own, and inside
/// futures under `#[timeout]` (which are dropped at the deadline), there is none.
///
/// ```
/// use std::time::Duration;
/// use resilience::TimeoutConfig;
///
/// let limit = TimeoutConfig::new(Duration::from_secs(60));
/// let left = limit.run_cooperative(|| {
///     let deadline = resilience::deadline().expect("inside of a timeout");
///     deadline - tokio::time::Instant::now()
/// });
///
/// assert!(left.unwrap() <= Duration::from_secs(60));
/// assert_eq!(resilience::deadline(), None);
/// ```
pub fn deadline() -> Option<Instant> {
    FRAME.get().deadline
}

/// Whether nobody waits any more for the sync `#[timeout]` body that asks.
///
/// In thread mode: the caller has got its error. In cooperative mode: the deadline has passed. `false` outside of a
/// timeout.
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
    // The value is only out of reach in a thread that is ending.
    let given_up = ABANDONED
        .try_with(|flag| flag.get().is_some_and(|flag| flag.load(Ordering::Relaxed)))
        .unwrap_or(false);
    let frame = FRAME.get();
    given_up || frame.cooperative && frame.deadline.is_some_and(|at| Instant::now() > at)
}

/// Whether a wait of `delay` would reach the deadline, or has no one left to wait for.
pub(crate) fn would_outlast(delay: Duration) -> bool {
    if is_abandoned() {
        return true;
    }
    let Some(deadline) = deadline() else {
        return false;
    };
    Instant::now()
        .checked_add(delay)
        .is_none_or(|end| end >= deadline)
}

/// The time an enclosing timeout leaves; [`Duration::MAX`] without one.
pub(super) fn remaining() -> Duration {
    deadline().map_or(Duration::MAX, |at| {
        at.saturating_duration_since(Instant::now())
    })
}

/// The body that runs until this is dropped, by its end or by its panic.
#[must_use]
pub(super) struct Scope {
    outer: Frame,
    // It restores the thread it was made on.
    _not_send: PhantomData<*const ()>,
}

impl Scope {
    /// On a worker. The deadline has the caller's own one in it.
    pub(super) fn thread(deadline: Option<Instant>) -> Self {
        Self::replacing(Frame {
            deadline,
            cooperative: false,
        })
    }

    /// In place.
    pub(super) fn cooperative(deadline: Option<Instant>) -> Self {
        let outer = FRAME.get().deadline;
        Self::replacing(Frame {
            deadline: deadline.into_iter().chain(outer).min(),
            cooperative: true,
        })
    }

    fn replacing(frame: Frame) -> Self {
        Self {
            outer: FRAME.replace(frame),
            _not_send: PhantomData,
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        FRAME.set(self.outer);
    }
}

/// Makes this thread a worker, whose callers give up by setting `flag`.
pub(super) fn set_abandoned_flag(flag: Arc<AtomicBool>) {
    ABANDONED.with(|own| {
        let first = own.set(flag).is_ok();
        debug_assert!(first, "a thread is one worker at most");
    });
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        thread,
    };

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn outside_of_a_timeout_there_is_no_deadline_and_no_abandonment() {
        assert_eq!(deadline(), None);
        assert!(!is_abandoned());
        assert!(!would_outlast(Duration::MAX));
        assert_eq!(remaining(), Duration::MAX);
    }

    #[test]
    fn the_earlier_of_nested_deadlines_counts() {
        let now = Instant::now();
        let _outer = Scope::cooperative(Some(now + MINUTE));
        {
            let _later = Scope::cooperative(Some(now + MINUTE * 2));
            assert_eq!(deadline(), Some(now + MINUTE));
        }
        {
            let _endless = Scope::cooperative(None);
            assert_eq!(deadline(), Some(now + MINUTE));
        }
        {
            let _earlier = Scope::cooperative(Some(now + MINUTE / 2));
            assert_eq!(deadline(), Some(now + MINUTE / 2));
        }
        assert_eq!(deadline(), Some(now + MINUTE));
    }

    #[test]
    fn a_panic_restores_the_outer_deadline() {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _scope = Scope::cooperative(Some(Instant::now()));
            panic!("the body");
        }));
        assert!(unwound.is_err());
        assert_eq!(deadline(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn in_place_a_body_is_abandoned_only_after_its_deadline() {
        let _scope = Scope::cooperative(Some(Instant::now() + MINUTE));
        assert!(!is_abandoned());
        tokio::time::advance(MINUTE).await;
        assert!(
            !is_abandoned(),
            "a result that is there at the deadline is in time"
        );
        tokio::time::advance(Duration::from_nanos(1)).await;
        assert!(is_abandoned());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_would_reach_the_deadline_outlasts_it() {
        let tick = Duration::from_nanos(1);
        let _scope = Scope::cooperative(Some(Instant::now() + MINUTE + tick));
        assert!(!would_outlast(MINUTE));
        assert!(would_outlast(MINUTE + tick));
        assert!(would_outlast(Duration::MAX));
    }

    #[test]
    fn on_a_worker_the_callers_word_counts_and_not_the_clock() {
        thread::spawn(|| {
            let flag = Arc::new(AtomicBool::new(false));
            set_abandoned_flag(Arc::clone(&flag));
            let _body = Scope::thread(Some(Instant::now()));
            assert!(!is_abandoned());
            flag.store(true, Ordering::Relaxed);
            assert!(is_abandoned());
            assert!(would_outlast(Duration::ZERO));
            // Given up with the body around it.
            let _nested = Scope::cooperative(Some(Instant::now() + MINUTE));
            assert!(is_abandoned());
        })
        .join()
        .unwrap();
    }
}
