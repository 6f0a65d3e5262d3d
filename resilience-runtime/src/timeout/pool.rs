//! The threads that sync bodies run on.

use std::{
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    thread,
    time::Duration,
};

use super::{
    deadline,
    error::Cause,
    job::{Job, Received},
    roster::{Assignment, Roster, WorkerStats},
    trace::Trace,
};

/// More bodies than this at once get no worker: what blocks that much will not get better by more threads.
const CAPACITY: usize = 512;

/// How long a worker waits for its next body.
const PATIENCE: Duration = Duration::from_secs(10);

static POOL: LazyLock<Arc<Pool>> = LazyLock::new(|| Pool::new(CAPACITY, PATIENCE));

/// The worker threads of thread-mode timeouts in this process, at one moment.
///
/// ```
/// use std::time::Duration;
/// use resilience::TimeoutConfig;
///
/// let sum = TimeoutConfig::new(Duration::from_secs(60)).run_thread(|| 1 + 1);
/// assert_eq!(sum, Ok(2));
///
/// let workers = resilience::worker_stats();
/// assert!(workers.live >= 1 && workers.idle >= 1);
/// assert_eq!(workers.abandoned_running, 0);
/// ```
pub fn worker_stats() -> WorkerStats {
    Pool::of_process().stats()
}

pub(super) struct Pool {
    roster: Mutex<Roster<Worker>>,
    patience: Duration,
}

/// One thread, as its callers see it.
pub(super) struct Worker {
    letterbox: Mutex<Option<Letter>>,
    delivered: Condvar,
    abandoned: Arc<AtomicBool>,
}

struct Letter {
    job: Arc<Job>,
    trace: Trace,
}

impl Pool {
    pub(super) fn new(capacity: usize, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            roster: Mutex::new(Roster::new(capacity)),
            patience,
        })
    }

    pub(super) fn of_process() -> &'static Arc<Self> {
        &POOL
    }

    pub(super) fn stats(&self) -> WorkerStats {
        self.lock().stats()
    }

    /// Has the job done and waits for it, at most until its deadline.
    pub(super) fn run(self: &Arc<Self>, job: &Arc<Job>) -> Result<(), Cause> {
        let letter = Letter {
            job: Arc::clone(job),
            trace: Trace::of_caller(),
        };
        let assignment = self.lock().assign();
        let worker = match assignment {
            Assignment::Idle(worker) => {
                worker.send(letter);
                worker
            }
            Assignment::Hire(number) => self.hire(number, letter)?,
            Assignment::Full => return Err(Cause::PoolFull),
        };
        match job.wait(&worker.abandoned, || self.lock().abandon()) {
            Received::Outcome => Ok(()),
            Received::Nothing { begun: true } => Err(Cause::Expired),
            Received::Nothing { begun: false } => Err(Cause::NotBegun),
        }
    }

    #[cold]
    fn hire(self: &Arc<Self>, number: u64, letter: Letter) -> Result<Arc<Worker>, Cause> {
        let worker = Arc::new(Worker {
            letterbox: Mutex::new(Some(letter)),
            delivered: Condvar::new(),
            abandoned: Arc::new(AtomicBool::new(false)),
        });
        let (pool, hired) = (Arc::clone(self), Arc::clone(&worker));
        // Nobody joins it: a body that never ends must not hold up the end of the process.
        let spawned = thread::Builder::new()
            .name(format!("resilience-timeout-{number}"))
            .spawn(move || hired.work(&pool));
        if spawned.is_err() {
            self.lock().not_hired();
            return Err(Cause::NoThread);
        }
        Ok(worker)
    }

    // Under this lock there is only the roster's own code, so there is nothing a panic could leave half done.
    fn lock(&self) -> MutexGuard<'_, Roster<Worker>> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    fn send(&self, letter: Letter) {
        *self.lock() = Some(letter);
        self.delivered.notify_one();
    }

    /// The life of the thread.
    fn work(self: &Arc<Self>, pool: &Pool) {
        deadline::watch(Arc::clone(&self.abandoned));
        while let Some(Letter { job, trace }) = self.receive(pool) {
            let delivered = job.serve(trace, &self.abandoned, || pool.lock().rest(self));
            if !delivered {
                pool.lock().rest_from_abandoned(self);
            }
        }
    }

    /// The next job, or `None` when none came for too long.
    fn receive(self: &Arc<Self>, pool: &Pool) -> Option<Letter> {
        let letterbox = self
            .delivered
            .wait_timeout_while(self.lock(), pool.patience, |letter| letter.is_none());
        let letter = letterbox.unwrap_or_else(PoisonError::into_inner).0.take();
        if letter.is_some() || pool.lock().leave(self) {
            return letter;
        }
        // A caller has chosen this worker at the last moment, and is about to send.
        let letterbox = self
            .delivered
            .wait_while(self.lock(), |letter| letter.is_none());
        letterbox.unwrap_or_else(PoisonError::into_inner).take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Letter>> {
        self.letterbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{any::Any, sync::mpsc, time::Instant};

    use super::*;
    use crate::timeout::job::Work;

    /// Tells its thread's name, and goes on when told.
    struct Meets {
        name: mpsc::Sender<String>,
        go_on: Mutex<mpsc::Receiver<()>>,
    }

    impl Work for Meets {
        fn run(&self, _: &Trace) {
            let name = thread::current().name().unwrap_or_default().to_owned();
            self.name.send(name).unwrap();
            let _ = self.go_on.lock().unwrap().recv();
        }

        fn discard(&self) -> Option<Box<dyn Any + Send>> {
            None
        }
    }

    fn meets() -> (Arc<Job>, mpsc::Receiver<String>, mpsc::Sender<()>) {
        let (name, names) = mpsc::channel();
        let (may_go, go_on) = mpsc::channel();
        let go_on = Mutex::new(go_on);
        let job = Arc::new(Job::new("test", None, Meets { name, go_on }));
        (job, names, may_go)
    }

    fn run_one(pool: &Arc<Pool>) -> String {
        let (job, names, may_go) = meets();
        drop(may_go);
        assert_eq!(pool.run(&job), Ok(()));
        names.recv().unwrap()
    }

    fn until(what: impl Fn() -> bool) {
        let begun = Instant::now();
        while !what() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it never came");
            thread::yield_now();
        }
    }

    #[test]
    fn calls_one_after_another_share_one_named_worker() {
        let pool = Pool::new(4, PATIENCE);
        for _ in 0..100 {
            assert_eq!(run_one(&pool), "resilience-timeout-1");
        }
        let stats = pool.stats();
        assert_eq!((stats.live, stats.idle), (1, 1));
    }

    #[test]
    fn a_full_pool_refuses_at_once_and_serves_again_later() {
        let pool = Pool::new(1, PATIENCE);
        let (job, names, may_go) = meets();
        let busy = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.run(&job)
        });
        names.recv().unwrap();
        let (refused, ..) = meets();
        assert_eq!(pool.run(&refused), Err(Cause::PoolFull));
        assert_eq!(pool.stats().refused, 1);
        drop(may_go);
        assert_eq!(busy.join().unwrap(), Ok(()));
        run_one(&pool);
    }

    #[test]
    fn an_idle_worker_ends_and_is_hired_anew() {
        let pool = Pool::new(1, Duration::from_millis(1));
        run_one(&pool);
        until(|| pool.stats().live == 0);
        run_one(&pool);
        until(|| pool.stats() == WorkerStats::default());
    }

    #[test]
    fn workers_that_end_while_jobs_come_lose_none() {
        let pool = Pool::new(4, Duration::ZERO);
        for _ in 0..1000 {
            run_one(&pool);
        }
        until(|| pool.stats() == WorkerStats::default());
    }
}
