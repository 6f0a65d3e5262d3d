//! The questions of a sync body about the timeout that it runs under.

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

/// The timeout that this thread runs under.
#[derive(Clone, Copy)]
struct Current {
    deadline: Option<Instant>,
    /// The body runs in place. Nobody abandons it, so the clock has to tell that it is late.
    cooperative: bool,
}

thread_local! {
    static CURRENT: Cell<Current> = const {
        Cell::new(Current { deadline: None, cooperative: false })
    };
    // On a worker thread, the flag that the caller of its present body sets when it gives up.
    static ABANDONED: OnceCell<Arc<AtomicBool>> = const { OnceCell::new() };
}

/// The deadline of the sync `#[timeout]` that this code runs in; the earliest one of several.
///
/// `None` outside of a sync `#[timeout]`, and if the limit is [`Duration::MAX`]. Other threads than
/// the body's own have no such deadline, and neither have futures under `#[timeout]`, because they
/// are dropped at the deadline.
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
    CURRENT.get().deadline
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
    // Only in a thread that is ending is there no value.
    let is_abandoned = ABANDONED
        .try_with(|flag| flag.get().is_some_and(|flag| flag.load(Ordering::Relaxed)))
        .unwrap_or(false);
    let current = CURRENT.get();
    is_abandoned || current.cooperative && current.deadline.is_some_and(|at| Instant::now() > at)
}

/// True if a wait of `delay` would reach the deadline, or if the body is abandoned already.
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

/// The time that an enclosing timeout leaves; [`Duration::MAX`] without one.
pub(super) fn remaining() -> Duration {
    deadline().map_or(Duration::MAX, |at| {
        at.saturating_duration_since(Instant::now())
    })
}

/// Makes a timeout the current one of this thread until it is dropped, at the body's end or by its
/// panic.
#[must_use]
pub(super) struct Scope {
    outer: Current,
    // The scope must be dropped on the thread that it was made on, because it restores that
    // thread's state.
    _not_send: PhantomData<*const ()>,
}

impl Scope {
    /// The body runs on a worker. The deadline is not later than the caller's own one.
    pub(super) fn thread(deadline: Option<Instant>) -> Self {
        Self::replacing(Current {
            deadline,
            cooperative: false,
        })
    }

    /// The body runs in place.
    pub(super) fn cooperative(deadline: Option<Instant>) -> Self {
        let outer = CURRENT.get().deadline;
        Self::replacing(Current {
            deadline: deadline.into_iter().chain(outer).min(),
            cooperative: true,
        })
    }

    fn replacing(current: Current) -> Self {
        Self {
            outer: CURRENT.replace(current),
            _not_send: PhantomData,
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        CURRENT.set(self.outer);
    }
}

/// Makes this thread a worker. The caller of its present body gives up by setting `flag`.
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
    fn on_a_worker_the_callers_flag_decides_and_not_the_clock() {
        thread::spawn(|| {
            let flag = Arc::new(AtomicBool::new(false));
            set_abandoned_flag(Arc::clone(&flag));
            let _body = Scope::thread(Some(Instant::now()));
            assert!(!is_abandoned());
            flag.store(true, Ordering::Relaxed);
            assert!(is_abandoned());
            assert!(would_outlast(Duration::ZERO));
            // A nested body is abandoned with the body around it.
            let _nested = Scope::cooperative(Some(Instant::now() + MINUTE));
            assert!(is_abandoned());
        })
        .join()
        .unwrap();
    }
}
