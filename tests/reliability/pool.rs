//! Sync timeouts on worker threads: a bounded pool, bodies that hang for ever, a fork, and the end
//! of the process.

use std::{
    io,
    sync::{
        Arc, Barrier, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use resilience::{
    CircuitOpen, CircuitState, TimedOut, TimeoutConfig, circuit_breaker, events, is_abandoned,
    registry, timeout, worker_stats,
    workers::{self, WorkerConfig},
};

use crate::alone::is_alone;

/// A machine under load may take so long for a step that needs no time.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(3600);
const CAPACITY: usize = 512;

fn wait_until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < LONGEST_WAIT,
            "it never came: {:?}",
            worker_stats()
        );
        thread::sleep(Duration::from_millis(1));
    }
}

/// Bodies wait for it until the test opens it.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn wait(&self) {
        let (open, opened) = &*self.0;
        let _open = opened
            .wait_while(open.lock().unwrap(), |open| !*open)
            .unwrap();
    }

    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

fn hang(operation: &'static str, gate: Gate) -> Result<(), TimedOut> {
    TimeoutConfig::new(Duration::from_millis(20))
        .operation(operation)
        .run_thread(move || gate.wait())
}

/// Calls until so many bodies of the operation hang. A call that is abandoned before its body began
/// holds no worker, so the number of calls is not known beforehand.
fn hang_with(operation: &'static str, gate: &Gate, bodies: usize) {
    let held = worker_stats().abandoned_running + bodies;
    let begun = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while begun.load(Ordering::Relaxed) < bodies {
                    let late = hang(operation, gate.clone()).expect_err("the gate is closed");
                    begun.fetch_add(usize::from(late.was_started()), Ordering::Relaxed);
                }
            });
        }
    });
    wait_until(|| worker_stats().abandoned_running == held);
}

#[test]
fn bodies_that_hang_for_ever_fill_a_bounded_pool_which_then_refuses() {
    if !is_alone(bodies_that_hang_for_ever_fill_a_bounded_pool_which_then_refuses) {
        return;
    }
    let gate = Gate::default();
    hang_with("one dependency", &gate, CAPACITY / 2);
    hang_with("another dependency", &gate, CAPACITY / 2);
    let stats = worker_stats();
    assert_eq!((stats.live, stats.idle), (CAPACITY, 0));

    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let subscription = events::subscribe(move |event| {
        if event.operation == Some("import") {
            telling.lock().unwrap().push(format!("{:?}", event.kind));
        }
    });
    let started = Instant::now();
    let refused = TimeoutConfig::new(LONG)
        .operation("import")
        .run_thread(|| panic!("it began"))
        .map(|(): ()| ());
    drop(subscription);
    let refused = refused.unwrap_err();
    assert_eq!(*told.lock().unwrap(), ["WorkersExhausted"]);
    assert!(!refused.was_started());
    assert_eq!(
        refused.to_string(),
        "`import` was not started: no worker thread was free"
    );
    assert!(
        started.elapsed() < LONGEST_WAIT,
        "at once, not at its limit of hours"
    );
    assert_eq!(worker_stats().refused, stats.refused + 1);

    gate.open();
    wait_until(|| worker_stats().abandoned_running == 0);
    assert_eq!(
        TimeoutConfig::new(LONG).run_thread(|| 7),
        Ok(7),
        "it serves again"
    );
}

#[test]
fn nested_bodies_in_a_full_pool_are_refused_and_do_not_wait_for_each_other() {
    if !is_alone(nested_bodies_in_a_full_pool_are_refused_and_do_not_wait_for_each_other) {
        return;
    }
    workers::configure(WorkerConfig::new().max_share(1.0)).unwrap();
    let all_begun = Arc::new(Barrier::new(CAPACITY));
    let outcomes: Vec<_> = thread::scope(|scope| {
        let calls: Vec<_> = (0..CAPACITY)
            .map(|_| {
                let all_begun = Arc::clone(&all_begun);
                scope.spawn(|| {
                    TimeoutConfig::new(LONG).run_thread(move || {
                        all_begun.wait();
                        let inner = TimeoutConfig::new(LONG).run_thread(|| ());
                        // No body ends before all of them have called.
                        all_begun.wait();
                        inner
                    })
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    for outcome in outcomes {
        assert!(
            !outcome
                .expect("the outer one ends")
                .unwrap_err()
                .was_started()
        );
    }
}

#[derive(Debug)]
enum ServiceError {
    CircuitOpen,
    TimedOut,
}

impl From<CircuitOpen> for ServiceError {
    fn from(_: CircuitOpen) -> Self {
        Self::CircuitOpen
    }
}

impl From<TimedOut> for ServiceError {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

#[test]
fn a_dependency_that_hangs_takes_no_workers_from_a_healthy_one() {
    #[circuit_breaker(name = "healthy", failure_threshold = 1)]
    #[timeout(1h)]
    fn healthy() -> Result<u8, ServiceError> {
        Ok(7)
    }
    if !is_alone(a_dependency_that_hangs_takes_no_workers_from_a_healthy_one) {
        return;
    }
    let gate = Gate::default();
    hang_with("hangs", &gate, CAPACITY / 2);
    let refused = hang("hangs", gate.clone()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`hangs` was not started: its other calls hold its whole share of the worker threads"
    );
    for _ in 0..10 {
        assert!(matches!(healthy(), Ok(7)));
    }
    let stats = registry::stats("healthy").unwrap();
    assert_eq!((stats.state, stats.failures), (CircuitState::Closed, 0));
    gate.open();
    wait_until(|| worker_stats().abandoned_running == 0);
    let again = TimeoutConfig::new(LONG).operation("hangs");
    assert_eq!(again.run_thread(|| 7), Ok(7), "it is served again");
}

/// The share was counted by the bare name, so that each hanging `get` took the workers of every
/// other `get`.
#[test]
fn functions_of_one_name_in_two_modules_have_a_share_each() {
    mod hanging {
        #[super::timeout(20ms)]
        pub(super) fn get(gate: super::Gate) -> Result<(), super::TimedOut> {
            gate.wait();
            Ok(())
        }
    }
    mod healthy {
        #[super::timeout(1h)]
        pub(super) fn get() -> Result<u8, super::TimedOut> {
            Ok(7)
        }
    }
    if !is_alone(functions_of_one_name_in_two_modules_have_a_share_each) {
        return;
    }
    workers::configure(WorkerConfig::new().max_workers(4)).unwrap();
    let gate = Gate::default();
    let refused = loop {
        let late = hanging::get(gate.clone()).unwrap_err();
        if late.to_string().contains("whole share") {
            break late;
        }
    };
    assert!(refused.to_string().starts_with("`get` was not started"));
    assert!(refused.operation().ends_with("::hanging::get"));
    assert_eq!(healthy::get(), Ok(7));
    gate.open();
}

#[expect(
    clippy::large_stack_arrays,
    reason = "the stack is one of the settings"
)]
#[test]
fn the_pool_is_configured_once_and_before_it_starts() {
    if !is_alone(the_pool_is_configured_once_and_before_it_starts) {
        return;
    }
    assert_eq!(
        worker_stats().live,
        0,
        "reading the statistics starts nothing"
    );
    let config = WorkerConfig::new()
        .max_workers(4)
        .max_share(0.5)
        .stack_size(32 << 20)
        .idle_timeout(Duration::from_millis(1));
    assert_eq!(workers::configure(config), Ok(()));
    let twice = workers::configure(WorkerConfig::new()).unwrap_err();
    assert!(twice.to_string().contains("already configured or started"));

    let gate = Gate::default();
    hang_with("hangs", &gate, 2);
    let deep = TimeoutConfig::new(LONG).run_thread(|| std::hint::black_box([0_u8; 4 << 20]).len());
    assert_eq!(
        deep,
        Ok(4 << 20),
        "more than the stack of an unconfigured worker"
    );
    gate.open();
    wait_until(|| worker_stats().live == 0);
    assert_eq!(workers::configure(config), Err(twice), "it has started");
}

/// A fork copies the pool's state, but not its threads.
#[cfg(unix)]
#[test]
fn a_forked_child_begins_with_an_empty_pool() {
    #[expect(unsafe_code, reason = "std has no fork")]
    mod system {
        unsafe extern "C" {
            fn fork() -> i32;
            fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
            fn _exit(status: i32) -> !;
        }

        /// Runs `child` in a forked process and returns its exit status.
        pub(super) fn in_a_child(child: impl FnOnce() -> i32) -> i32 {
            // SAFETY: the child only runs `child` and ends by `_exit`, so it never returns into the
            // parent's frames. glibc keeps its allocator usable in the child of a process with
            // several threads.
            unsafe {
                let process = fork();
                if process == 0 {
                    _exit(child());
                }
                assert!(process > 0, "no fork");
                let mut status = 0;
                assert_eq!(waitpid(process, &raw mut status, 0), process);
                status
            }
        }
    }
    if !is_alone(a_forked_child_begins_with_an_empty_pool) {
        return;
    }
    let add = |n: u8| TimeoutConfig::new(LONGEST_WAIT).run_thread(move || n + 1);
    workers::configure(WorkerConfig::new().max_workers(3)).unwrap();
    assert_eq!(add(1), Ok(2));
    wait_until(|| worker_stats().idle == 1);
    let status = system::in_a_child(|| {
        let before = worker_stats();
        let outcome = add(2);
        let after = worker_stats();
        i32::from((before.live, outcome, after.live) != (0, Ok(3), 1))
    });
    assert_eq!(
        status, 0,
        "the child waited for a worker that it does not have"
    );
    assert_eq!(add(3), Ok(4));
    assert_eq!(worker_stats().live, 1);
}

const AT_ONCE: usize = 16;

#[test]
fn it_grows_to_what_is_needed_at_once_and_then_reuses_its_threads() {
    if !is_alone(it_grows_to_what_is_needed_at_once_and_then_reuses_its_threads) {
        return;
    }
    let meet = Arc::new(Barrier::new(AT_ONCE));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            let meet = Arc::clone(&meet);
            scope.spawn(move || {
                TimeoutConfig::new(LONG)
                    .run_thread(move || meet.wait().is_leader())
                    .unwrap()
            });
        }
    });
    let stats = worker_stats();
    assert_eq!(
        (stats.live, stats.idle, stats.refused),
        (AT_ONCE, AT_ONCE, 0)
    );
    for _ in 0..1_000 {
        let name = TimeoutConfig::new(LONG)
            .run_thread(|| thread::current().name().map(str::to_owned))
            .unwrap();
        assert!(name.is_some_and(|name| name.starts_with("resilience-")));
    }
    assert!(worker_stats().live <= AT_ONCE);
}

#[test]
fn bodies_that_hang_do_not_hold_up_the_end_of_the_process() {
    if !is_alone(bodies_that_hang_do_not_hold_up_the_end_of_the_process) {
        // The process that ran the test alone has ended, and that is the promise.
        return;
    }
    let gate = Gate::default();
    wait_until(|| {
        let gate = gate.clone();
        TimeoutConfig::new(Duration::from_millis(20))
            .run_thread(move || gate.wait())
            .unwrap_err()
            .was_started()
    });
    assert!(worker_stats().abandoned_running >= 1);
}

/// Each call runs on a worker of its own, under its caller's deadline.
#[timeout(1h)]
fn countdown(from: u32) -> io::Result<u32> {
    if from == 0 {
        Ok(0)
    } else {
        Ok(countdown(from - 1)? + 1)
    }
}

#[test]
fn a_body_may_call_itself_through_the_pool() {
    assert_eq!(countdown(20).unwrap(), 20);
}

#[test]
fn an_abandoned_body_sees_it_and_its_late_result_is_dropped_on_its_own_thread() {
    struct Late(mpsc::Sender<(bool, String)>);
    impl Drop for Late {
        fn drop(&mut self) {
            let thread = thread::current().name().unwrap_or_default().to_owned();
            self.0.send((is_abandoned(), thread)).unwrap();
        }
    }
    #[timeout(limit)]
    fn late(limit: Duration, dropped: mpsc::Sender<(bool, String)>) -> Result<Late, TimedOut> {
        while !is_abandoned() {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(Late(dropped))
    }
    let (tell, told) = mpsc::channel();
    // With a short limit the body may not begin; then the test tries a longer one.
    let limits = [20, 200, 2_000, 20_000].map(Duration::from_millis);
    assert!(
        limits
            .into_iter()
            .any(|limit| late(limit, tell.clone()).is_err_and(|late| late.was_started()))
    );
    let (abandoned, thread) = told.recv_timeout(LONGEST_WAIT).unwrap();
    assert!(
        abandoned && thread.starts_with("resilience-"),
        "{abandoned} on {thread}"
    );
}

/// The caller must wait for its deadline asleep: a caller that yields its turn instead waits, at
/// each yield, for a time slice of every busy thread. The fastest of some calls is judged, because
/// a busy machine may delay any single one.
#[test]
fn on_busy_cores_the_caller_leaves_at_its_limit() {
    const LIMIT: Duration = Duration::from_millis(5);
    const BUSY_THREADS: usize = 8;
    let stop = AtomicBool::new(false);
    let all_run = Barrier::new(BUSY_THREADS + 1);
    // Nothing in the scope may panic, because the scope would then wait for the busy threads for
    // ever.
    let fastest = thread::scope(|scope| {
        for _ in 0..BUSY_THREADS {
            scope.spawn(|| {
                all_run.wait();
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        all_run.wait();
        let calls = (0..20).map(|_| {
            let started = Instant::now();
            let outcome = TimeoutConfig::new(LIMIT).run_thread(|| thread::sleep(LIMIT * 20));
            (started.elapsed(), outcome.is_err())
        });
        let fastest = calls.min();
        stop.store(true, Ordering::Relaxed);
        fastest.expect("there are calls")
    });
    let (took, timed_out) = fastest;
    assert!(
        timed_out && took < LIMIT * 10,
        "the fastest call took {took:?}"
    );
}
