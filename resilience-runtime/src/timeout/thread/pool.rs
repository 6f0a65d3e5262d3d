//! The threads that sync bodies run on.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    thread,
};

use super::{
    caller_trace::CallerTrace,
    pool_state::{Assignment, PoolState, WorkerStats},
    task::{Task, Waited},
    worker_config::WorkerConfig,
};
use crate::{deadline::set_abandoned_flag, timeout::error::Cause};

pub(super) struct Pool {
    config: WorkerConfig,
    state: Mutex<PoolState<Worker>>,
}

/// The part of a thread that its callers see.
struct Worker {
    assigned: Mutex<Option<Assigned>>,
    wake_up: Condvar,
    /// Set by the caller of the present task when it gives up.
    abandoned: Arc<AtomicBool>,
}

/// A task on its way to a worker.
struct Assigned {
    task: Arc<Task>,
    trace: CallerTrace,
}

impl Pool {
    pub(super) fn new(config: WorkerConfig) -> Arc<Self> {
        Arc::new(Self {
            config,
            state: Mutex::new(PoolState::new(config)),
        })
    }

    pub(super) fn config(&self) -> WorkerConfig {
        self.config
    }

    pub(super) fn stats(&self) -> WorkerStats {
        self.lock().stats()
    }

    /// Lets a worker run the task, and waits for the outcome until the deadline.
    pub(super) fn run(self: &Arc<Self>, task: &Arc<Task>) -> Result<(), Cause> {
        let assigned = Assigned {
            task: Arc::clone(task),
            trace: CallerTrace::capture(),
        };
        // This is not written in the `match` itself, because that would hold the lock to its end.
        let assignment = self.lock().assign(task.operation())?;
        let worker = match assignment {
            Assignment::Idle(worker) => {
                worker.wake(assigned);
                worker
            }
            Assignment::Spawn(number) => self.spawn_worker(number, assigned)?,
        };
        match task.wait(&worker.abandoned, || self.lock().abandon()) {
            Waited::Finished => Ok(()),
            Waited::Abandoned { started: true } => Err(Cause::Expired),
            Waited::Abandoned { started: false } => Err(Cause::NotBegun),
        }
    }

    #[cold]
    fn spawn_worker(
        self: &Arc<Self>,
        number: u64,
        assigned: Assigned,
    ) -> Result<Arc<Worker>, Cause> {
        let operation = assigned.task.operation();
        let worker = Arc::new(Worker {
            assigned: Mutex::new(Some(assigned)),
            wake_up: Condvar::new(),
            abandoned: Arc::new(AtomicBool::new(false)),
        });
        let mut thread = thread::Builder::new().name(thread_name(number));
        if let Some(bytes) = self.config.get_stack_size() {
            thread = thread.stack_size(bytes);
        }
        let (pool, spawned) = (Arc::clone(self), Arc::clone(&worker));
        // Nobody joins the thread, because a body that never ends must not hold up the end of the
        // process.
        if thread.spawn(move || spawned.run_tasks(&pool)).is_err() {
            self.lock().not_spawned(operation);
            return Err(Cause::NoThread);
        }
        Ok(worker)
    }

    // Only the state's own code runs under this lock, so there is nothing that a panic could leave
    // half done.
    fn lock(&self) -> MutexGuard<'_, PoolState<Worker>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Linux keeps 15 bytes of a thread's name, so the number begins anew after four digits.
fn thread_name(number: u64) -> String {
    format!("resilience-{}", number % 10_000)
}

impl Worker {
    fn wake(&self, assigned: Assigned) {
        *self.lock() = Some(assigned);
        self.wake_up.notify_one();
    }

    /// The main function of the thread.
    fn run_tasks(self: &Arc<Self>, pool: &Pool) {
        set_abandoned_flag(Arc::clone(&self.abandoned));
        while let Some(Assigned { task, trace }) = self.next_task(pool) {
            let operation = task.operation();
            let is_delivered = task.run(trace, &self.abandoned, || {
                pool.lock().mark_idle(self, operation);
            });
            if !is_delivered {
                pool.lock().mark_idle_after_abandoned(self, operation);
            }
        }
    }

    /// The next task, or `None` when none came for the idle timeout.
    fn next_task(self: &Arc<Self>, pool: &Pool) -> Option<Assigned> {
        let (mut assigned, _) = self
            .wake_up
            .wait_timeout_while(self.lock(), pool.config.get_idle_timeout(), |assigned| {
                assigned.is_none()
            })
            .unwrap_or_else(PoisonError::into_inner);
        let task = assigned.take();
        drop(assigned);
        if task.is_some() || pool.lock().remove_idle(self) {
            return task;
        }
        // A caller has taken this worker out of the idle ones at the last moment, and is about to
        // assign its task.
        self.wake_up
            .wait_while(self.lock(), |assigned| assigned.is_none())
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Assigned>> {
        self.assigned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        any::Any,
        sync::mpsc,
        time::{Duration, Instant},
    };

    use super::*;
    use crate::timeout::thread::task::TaskBody;

    const LIMIT: Duration = Duration::from_secs(1);
    const CONFIG: WorkerConfig = WorkerConfig::new().max_workers(4).max_share(1.0);

    /// A body that sends its thread's name, and goes on when the other sender is dropped.
    struct TellsName {
        name: mpsc::Sender<String>,
        go_on: Mutex<mpsc::Receiver<()>>,
    }

    impl TaskBody for TellsName {
        fn run_body(&self, _: &CallerTrace) {
            let name = thread::current().name().unwrap_or_default().to_owned();
            self.name.send(name).unwrap();
            let _ = self.go_on.lock().unwrap().recv();
        }

        fn discard(&self) -> Option<Box<dyn Any + Send>> {
            None
        }
    }

    fn tells_name() -> (Arc<Task>, mpsc::Receiver<String>, mpsc::Sender<()>) {
        let (name, names) = mpsc::channel();
        let (may_go, go_on) = mpsc::channel();
        let go_on = Mutex::new(go_on);
        let task = Arc::new(Task::new(
            Some("test"),
            LIMIT,
            None,
            TellsName { name, go_on },
        ));
        (task, names, may_go)
    }

    fn run_one(pool: &Arc<Pool>) -> String {
        let (task, names, may_go) = tells_name();
        drop(may_go);
        assert_eq!(pool.run(&task), Ok(()));
        names.recv().unwrap()
    }

    fn wait_until(condition: impl Fn() -> bool) {
        let begun = Instant::now();
        while !condition() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it never came");
            thread::yield_now();
        }
    }

    #[test]
    fn calls_one_after_another_share_one_named_worker() {
        let pool = Pool::new(CONFIG);
        for _ in 0..100 {
            assert_eq!(run_one(&pool), "resilience-1");
        }
        let stats = pool.stats();
        assert_eq!((stats.live, stats.idle), (1, 1));
    }

    #[test]
    fn the_name_of_a_worker_fits_into_what_the_kernel_keeps() {
        for number in [1, 9_999, 10_000, u64::MAX] {
            assert!(thread_name(number).len() <= 15, "{}", thread_name(number));
        }
    }

    #[test]
    fn a_full_pool_refuses_at_once_and_serves_again_later() {
        let pool = Pool::new(CONFIG.max_workers(1));
        let (task, names, may_go) = tells_name();
        let busy = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.run(&task)
        });
        names.recv().unwrap();
        let (refused, ..) = tells_name();
        assert_eq!(pool.run(&refused), Err(Cause::PoolFull));
        assert_eq!(pool.stats().refused, 1);
        drop(may_go);
        assert_eq!(busy.join().unwrap(), Ok(()));
        run_one(&pool);
    }

    #[test]
    fn an_idle_worker_ends_and_another_one_is_started() {
        let pool = Pool::new(CONFIG.max_workers(1).idle_timeout(Duration::from_millis(1)));
        run_one(&pool);
        wait_until(|| pool.stats().live == 0);
        run_one(&pool);
        wait_until(|| pool.stats() == WorkerStats::default());
    }

    #[test]
    fn workers_that_end_while_tasks_come_lose_none() {
        let pool = Pool::new(CONFIG.idle_timeout(Duration::ZERO));
        for _ in 0..1000 {
            run_one(&pool);
        }
        wait_until(|| pool.stats() == WorkerStats::default());
    }

    #[expect(clippy::large_stack_arrays, reason = "the stack is the subject")]
    #[test]
    fn the_stack_of_a_worker_is_as_large_as_configured() {
        struct NeedsStack;
        impl TaskBody for NeedsStack {
            fn run_body(&self, _: &CallerTrace) {
                // Twice the stack of a worker that is not configured.
                std::hint::black_box([0_u8; 4 << 20]);
            }

            fn discard(&self) -> Option<Box<dyn Any + Send>> {
                None
            }
        }
        let pool = Pool::new(CONFIG.stack_size(32 << 20));
        let task = Arc::new(Task::new(None, LIMIT, None, NeedsStack));
        assert_eq!(pool.run(&(task as Arc<Task>)), Ok(()));
    }
}
