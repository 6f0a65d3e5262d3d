//! One body on its way to a worker, and its result on the way back.

use std::{
    any::Any,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time,
};

use tokio::time::Instant;

use super::{deadline::Scope, trace::Trace};
use crate::unwind::discard;

/// Where a job stands. Caller and worker agree on it, and on nothing else, under the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The body waits for its worker.
    Offered,
    Running,
    /// The outcome is there for the caller.
    Done,
    /// The caller is gone; what is left, body or outcome, is the worker's.
    GivenUp,
}

impl Stage {
    /// The worker may run the body, unless the caller is gone.
    fn begin(&mut self) -> bool {
        let begins = *self == Self::Offered;
        if begins {
            *self = Self::Running;
        }
        begins
    }

    /// The worker has the outcome, and may leave it to the caller unless that is gone.
    fn deliver(&mut self) -> bool {
        let delivered = *self == Self::Running;
        if delivered {
            *self = Self::Done;
        }
        delivered
    }

    /// The caller leaves without an outcome. Returns whether the body began.
    fn give_up(&mut self) -> bool {
        let begun = *self == Self::Running;
        *self = Self::GivenUp;
        begun
    }
}

/// What the caller came away with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Received {
    Outcome,
    Nothing { begun: bool },
}

/// The body, and later its outcome: what differs from caller to caller.
pub(super) trait Work: Send + Sync {
    /// Runs the body and keeps its outcome. Does not unwind.
    fn run(&self, trace: &Trace);

    /// Drops what is held, body or outcome, and returns the panic of either. Does not unwind.
    fn discard(&self) -> Option<Box<dyn Any + Send>>;
}

/// One body, shared by its caller and its worker.
pub(super) struct Job<W: ?Sized = dyn Work> {
    operation: &'static str,
    deadline: Option<Instant>,
    stage: Mutex<Stage>,
    done: Condvar,
    pub(super) work: W,
}

impl<W> Job<W> {
    pub(super) fn new(operation: &'static str, deadline: Option<Instant>, work: W) -> Self {
        Self {
            operation,
            deadline,
            stage: Mutex::new(Stage::Offered),
            done: Condvar::new(),
            work,
        }
    }
}

impl Job {
    /// The worker's side. `rest` is called in time for the caller's next job to find this worker free.
    ///
    /// Returns whether the caller got its outcome; if not, all that was left of it is dropped. Does not unwind.
    pub(super) fn serve(
        &self,
        mut trace: Trace,
        abandoned: &AtomicBool,
        rest: impl FnOnce(),
    ) -> bool {
        abandoned.store(false, Ordering::Relaxed);
        let begun = self.lock().begin();
        if begun {
            {
                let _scope = Scope::thread(self.deadline);
                self.work.run(&trace);
            }
            // An abandoned body keeps it, for the report of a panic.
            if !abandoned.load(Ordering::Relaxed) {
                trace.leave_span();
            }
            let mut stage = self.lock();
            if stage.deliver() {
                rest();
                drop(stage);
                self.done.notify_one();
                discard(trace);
                return true;
            }
        }
        if let Some(panic) = self.work.discard() {
            trace.report(self.operation, panic);
        }
        discard(trace);
        false
    }

    /// The caller's side: waits for the outcome, at most until the deadline. One that is there then is taken.
    ///
    /// When it gives up it tells the worker by `abandoned`, and calls `abandon` before the worker can be done.
    pub(super) fn wait(&self, abandoned: &AtomicBool, abandon: impl FnOnce()) -> Received {
        let deadline = self.deadline.map(Instant::into_std);
        let mut stage = self.lock();
        while *stage != Stage::Done {
            let Some(deadline) = deadline else {
                stage = self
                    .done
                    .wait(stage)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            // The wait is in real time, so is its clock: tokio's may be paused here.
            let left = deadline.saturating_duration_since(time::Instant::now());
            if left.is_zero() {
                let begun = stage.give_up();
                // Both under the lock, so that neither can meet the worker's next job.
                abandoned.store(true, Ordering::Relaxed);
                abandon();
                return Received::Nothing { begun };
            }
            let woken = self.done.wait_timeout(stage, left);
            stage = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        Received::Outcome
    }

    // No user code runs under this lock, so there is nothing a panic could leave half done.
    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, atomic::AtomicUsize},
        time::Duration,
    };

    use super::*;

    #[derive(Default)]
    struct Counted {
        runs: AtomicUsize,
        discards: AtomicUsize,
    }

    impl Work for Counted {
        fn run(&self, _: &Trace) {
            self.runs.fetch_add(1, Ordering::Relaxed);
        }

        fn discard(&self) -> Option<Box<dyn Any + Send>> {
            self.discards.fetch_add(1, Ordering::Relaxed);
            None
        }
    }

    fn job(deadline: Option<Instant>) -> (Arc<Job<Counted>>, Arc<Job>) {
        let job = Arc::new(Job::new("test", deadline, Counted::default()));
        (Arc::clone(&job), job)
    }

    fn counts(job: &Job<Counted>) -> (usize, usize) {
        let Counted { runs, discards } = &job.work;
        (
            runs.load(Ordering::Relaxed),
            discards.load(Ordering::Relaxed),
        )
    }

    #[test]
    fn an_outcome_that_is_there_at_the_deadline_is_taken() {
        let (counted, job) = job(Some(Instant::now()));
        let flag = AtomicBool::new(true);
        let mut rested = false;
        assert!(job.serve(Trace::of_caller(), &flag, || rested = true));
        assert!(rested);
        assert_eq!(
            job.wait(&flag, || panic!("nothing to abandon")),
            Received::Outcome
        );
        assert_eq!(counts(&counted), (1, 0));
        assert!(!flag.load(Ordering::Relaxed));
    }

    #[test]
    fn a_body_given_up_before_it_began_never_runs() {
        let (counted, job) = job(Some(Instant::now()));
        let flag = AtomicBool::new(false);
        let mut abandoned = false;
        assert_eq!(
            job.wait(&flag, || abandoned = true),
            Received::Nothing { begun: false }
        );
        assert!(abandoned);
        assert!(!job.serve(Trace::of_caller(), &flag, || panic!(
            "it does not rest here"
        )));
        assert_eq!(counts(&counted), (0, 1));
    }

    #[test]
    fn a_body_given_up_while_it_runs_sees_it_and_its_outcome_is_dropped() {
        struct GivesUp(Arc<AtomicBool>, Mutex<Option<Arc<Job>>>);
        impl Work for GivesUp {
            fn run(&self, _: &Trace) {
                // The caller's side, in the middle of the worker's.
                let job = self.1.lock().unwrap().take().unwrap();
                let received = job.wait(&self.0, || ());
                assert_eq!(received, Received::Nothing { begun: true });
            }
            fn discard(&self) -> Option<Box<dyn Any + Send>> {
                self.1.lock().unwrap().take();
                None
            }
        }
        let flag = Arc::new(AtomicBool::new(false));
        let past = Instant::now() - Duration::from_millis(1);
        let work = GivesUp(Arc::clone(&flag), Mutex::new(None));
        let job = Arc::new(Job::new("test", Some(past), work));
        let shared: Arc<Job> = Arc::clone(&job) as Arc<Job>;
        *job.work.1.lock().unwrap() = Some(Arc::clone(&shared));
        assert!(!shared.serve(Trace::of_caller(), &flag, || panic!(
            "it does not rest here"
        )));
        assert!(flag.load(Ordering::Relaxed));
        assert_eq!(Arc::strong_count(&job), 2);
    }
}
