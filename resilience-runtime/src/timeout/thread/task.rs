//! One body on its way to a worker thread, and its outcome on the way back.

use std::{
    any::Any,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{self, Duration},
};

use tokio::time::Instant;

use super::{caller_trace::CallerTrace, pool_state::OperationKey};
use crate::{
    clock::{self, NEVER},
    deadline::Frame,
    unwind::discard,
};

/// The progress of a task. The caller and the worker agree on the stage under a lock, and on
/// nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The body waits for its worker.
    Assigned,
    Running,
    /// The outcome is there for the caller.
    Finished,
    /// The caller is gone, and the worker drops the body or the outcome.
    Abandoned,
}

impl Stage {
    /// Returns whether the worker may run the body: not if the caller is gone.
    fn begin(&mut self) -> bool {
        let begins = *self == Self::Assigned;
        if begins {
            *self = Self::Running;
        }
        begins
    }

    /// Returns whether the worker may leave the outcome to the caller: not if the caller is gone.
    fn finish(&mut self) -> bool {
        let finishes = *self == Self::Running;
        if finishes {
            *self = Self::Finished;
        }
        finishes
    }

    /// The caller leaves without an outcome. Returns whether the body has started.
    fn abandon(&mut self) -> bool {
        let started = *self == Self::Running;
        *self = Self::Abandoned;
        started
    }
}

/// The end of the caller's wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    Finished,
    Abandoned { started: bool },
}

/// The body of one call, and later its outcome. The types of both differ from caller to caller.
pub(super) trait TaskBody: Send + Sync {
    /// Runs the body and keeps its outcome. Does not unwind.
    fn run_body(&self, trace: &CallerTrace);

    /// Drops the body or the outcome, and returns the panic of the outcome or of its drop. Does not
    /// unwind.
    fn discard(&self) -> Option<Box<dyn Any + Send>>;
}

/// One call, shared by its caller and its worker.
pub(super) struct Task<S: ?Sized = dyn TaskBody> {
    operation: OperationKey,
    limit: Duration,
    deadline: Option<Instant>,
    /// True if the deadline has ended a timeout inside of the body. It is written before the stage
    /// is `Finished`, and read after that.
    is_overrun: AtomicBool,
    stage: Mutex<Stage>,
    finished: Condvar,
    pub(super) slot: S,
}

impl<S> Task<S> {
    pub(super) fn new(
        operation: OperationKey,
        limit: Duration,
        deadline: Option<Instant>,
        slot: S,
    ) -> Self {
        Self {
            operation,
            limit,
            deadline,
            is_overrun: AtomicBool::new(false),
            stage: Mutex::new(Stage::Assigned),
            finished: Condvar::new(),
            slot,
        }
    }
}

impl<S: ?Sized> Task<S> {
    /// True if the body has met the deadline inside of it, so that its outcome is late although the
    /// caller has not given up.
    pub(super) fn is_overrun(&self) -> bool {
        self.is_overrun.load(Ordering::Relaxed)
    }
}

impl Task {
    pub(super) fn operation(&self) -> OperationKey {
        self.operation
    }

    /// The worker's side: runs the body. `mark_idle` is called before the caller wakes, so that the
    /// caller's next task finds this worker idle.
    ///
    /// Returns whether the caller got its outcome; if not, the body or the outcome is dropped. Does
    /// not unwind.
    pub(super) fn run(
        &self,
        mut trace: CallerTrace,
        abandoned: &AtomicBool,
        mark_idle: impl FnOnce(),
    ) -> bool {
        abandoned.store(false, Ordering::Relaxed);
        let begins = self.lock().begin();
        if begins {
            {
                let deadline = self.deadline.map_or(NEVER, clock::moment);
                let entered = Frame::on_worker(deadline).enter();
                self.slot.run_body(&trace);
                if entered.leave() {
                    self.is_overrun.store(true, Ordering::Relaxed);
                }
            }
            // An abandoned body keeps the span, for the report of a panic.
            if !abandoned.load(Ordering::Relaxed) {
                trace.leave_span();
            }
            let mut stage = self.lock();
            if stage.finish() {
                mark_idle();
                drop(stage);
                self.finished.notify_one();
                discard(trace);
                return true;
            }
        }
        if let Some(panic) = self.slot.discard() {
            trace.report_panic(self.operation, self.limit, panic);
        }
        discard(trace);
        false
    }

    /// The caller's side: waits for the outcome, at most until the deadline. One that is there at
    /// the deadline is taken.
    ///
    /// A caller that gives up sets `abandoned`, and calls `on_abandon` before the worker can be
    /// done.
    pub(super) fn wait(&self, abandoned: &AtomicBool, on_abandon: impl FnOnce()) -> Waited {
        // The wait is in real time, and so is its clock: tokio's may be paused here.
        let deadline = self.deadline.map(Instant::into_std);
        let mut stage = self.lock();
        while *stage != Stage::Finished {
            let Some(deadline) = deadline else {
                let woken = self.finished.wait(stage);
                stage = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(time::Instant::now());
            if left.is_zero() {
                let started = stage.abandon();
                // Both happen under the lock, so that neither can meet the worker's next task.
                abandoned.store(true, Ordering::Relaxed);
                on_abandon();
                return Waited::Abandoned { started };
            }
            let woken = self.finished.wait_timeout(stage, left);
            stage = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        Waited::Finished
    }

    // No user code runs under this lock, so there is nothing that a panic could leave half done.
    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicUsize};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    #[derive(Default)]
    struct Counted {
        runs: AtomicUsize,
        discards: AtomicUsize,
    }

    impl TaskBody for Counted {
        fn run_body(&self, _: &CallerTrace) {
            self.runs.fetch_add(1, Ordering::Relaxed);
        }

        fn discard(&self) -> Option<Box<dyn Any + Send>> {
            self.discards.fetch_add(1, Ordering::Relaxed);
            None
        }
    }

    fn task(deadline: Option<Instant>) -> (Arc<Task<Counted>>, Arc<Task>) {
        let task = Arc::new(Task::new(Some("test"), LIMIT, deadline, Counted::default()));
        (Arc::clone(&task), task)
    }

    fn counts(task: &Task<Counted>) -> (usize, usize) {
        let Counted { runs, discards } = &task.slot;
        (
            runs.load(Ordering::Relaxed),
            discards.load(Ordering::Relaxed),
        )
    }

    #[test]
    fn an_outcome_that_is_there_at_the_deadline_is_taken() {
        let (counted, task) = task(Some(Instant::now()));
        let flag = AtomicBool::new(true);
        let mut is_idle = false;
        assert!(task.run(CallerTrace::capture(), &flag, || is_idle = true));
        assert!(is_idle);
        assert_eq!(
            task.wait(&flag, || panic!("nothing to abandon")),
            Waited::Finished
        );
        assert_eq!(counts(&counted), (1, 0));
        assert!(!flag.load(Ordering::Relaxed));
    }

    #[test]
    fn a_body_given_up_before_it_began_never_runs() {
        let (counted, task) = task(Some(Instant::now()));
        let flag = AtomicBool::new(false);
        let mut abandoned = false;
        assert_eq!(
            task.wait(&flag, || abandoned = true),
            Waited::Abandoned { started: false }
        );
        assert!(abandoned);
        assert!(!task.run(CallerTrace::capture(), &flag, || panic!(
            "it does not become idle here"
        )));
        assert_eq!(counts(&counted), (0, 1));
    }

    #[test]
    fn a_body_given_up_while_it_runs_sees_it_and_its_outcome_is_dropped() {
        struct GivesUp(Arc<AtomicBool>, Mutex<Option<Arc<Task>>>);
        impl TaskBody for GivesUp {
            fn run_body(&self, _: &CallerTrace) {
                // The caller's side, in the middle of the worker's.
                let task = self.1.lock().unwrap().take().unwrap();
                let waited = task.wait(&self.0, || ());
                assert_eq!(waited, Waited::Abandoned { started: true });
            }
            fn discard(&self) -> Option<Box<dyn Any + Send>> {
                self.1.lock().unwrap().take();
                None
            }
        }
        let flag = Arc::new(AtomicBool::new(false));
        let past = Instant::now() - Duration::from_millis(1);
        let slot = GivesUp(Arc::clone(&flag), Mutex::new(None));
        let task = Arc::new(Task::new(Some("test"), LIMIT, Some(past), slot));
        let shared: Arc<Task> = Arc::clone(&task) as Arc<Task>;
        *task.slot.1.lock().unwrap() = Some(Arc::clone(&shared));
        assert!(!shared.run(CallerTrace::capture(), &flag, || panic!(
            "it does not become idle here"
        )));
        assert!(flag.load(Ordering::Relaxed));
        assert_eq!(Arc::strong_count(&task), 2);
    }
}
