//! One way to do a thing, and the clock around it.
//!
//! Outcomes are shown to `black_box` by reference: by value they would be copied, which can cost more than the call.

use std::{
    fmt,
    hint::{self, black_box},
    ops::Range,
    panic::resume_unwind,
    pin::pin,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Waker},
    thread,
    time::{Duration, Instant},
};

use tokio::{runtime, task::unconstrained};
use tower::Service;

/// One way to do what a [`Scenario`](crate::Scenario) is about.
pub struct Contender {
    name: &'static str,
    run: Box<dyn FnMut(u64) -> Duration>,
}

impl Contender {
    /// A call that returns.
    pub fn sync<T>(name: &'static str, mut call: impl FnMut() -> T + 'static) -> Self {
        Self::new(name, move |times| {
            let start = Instant::now();
            for _ in 0..times {
                black_box(&call());
            }
            start.elapsed()
        })
    }

    /// A call that two threads make at the same time. The time is the one until both are done.
    ///
    /// On a busy machine they may run one after the other: such a run says nothing and is made again.
    pub fn on_two_threads<T>(name: &'static str, call: impl Fn() -> T + Sync + 'static) -> Self {
        Self::new(name, move |times| {
            let run = || {
                let arrived = AtomicU32::new(0);
                let work = || {
                    arrived.fetch_add(1, Ordering::AcqRel);
                    while arrived.load(Ordering::Acquire) < 2 {
                        hint::spin_loop();
                    }
                    let start = Instant::now();
                    for _ in 0..times {
                        black_box(&call());
                    }
                    start..Instant::now()
                };
                thread::scope(|scope| {
                    let other = scope.spawn(work);
                    [
                        work(),
                        other.join().unwrap_or_else(|panic| resume_unwind(panic)),
                    ]
                })
            };
            let mut runs = run();
            for _ in 0..MEETINGS {
                if together(&runs) {
                    break;
                }
                runs = run();
            }
            whole(&runs)
        })
    }

    /// A call that one thread makes while others keep every core busy, twice as many as there are cores.
    pub fn on_busy_cores<T>(name: &'static str, mut call: impl FnMut() -> T + 'static) -> Self {
        let busy_threads = 2 * thread::available_parallelism().map_or(1, usize::from);
        Self::new(name, move |times| {
            let (stop, all_run) = (AtomicBool::new(false), Barrier::new(busy_threads + 1));
            thread::scope(|scope| {
                for _ in 0..busy_threads {
                    scope.spawn(|| {
                        all_run.wait();
                        while !stop.load(Ordering::Relaxed) {
                            hint::spin_loop();
                        }
                    });
                }
                all_run.wait();
                let start = Instant::now();
                for _ in 0..times {
                    black_box(&call());
                }
                let taken = start.elapsed();
                stop.store(true, Ordering::Relaxed);
                taken
            })
        })
    }

    /// A call that returns a future, awaited in a task of tokio's.
    pub fn awaited<F: Future>(name: &'static str, mut call: impl FnMut() -> F + 'static) -> Self {
        let runtime = timer_runtime();
        Self::new(name, move |times| {
            runtime.block_on(async {
                let start = Instant::now();
                for _ in 0..times {
                    black_box(&call().await);
                }
                start.elapsed()
            })
        })
    }

    /// The same, polled again at once whenever it is pending: without the runtime's own part, which is the same for
    /// all and larger than what is to be compared.
    pub fn polled<F: Future>(name: &'static str, mut call: impl FnMut() -> F + 'static) -> Self {
        let runtime = timer_runtime();
        Self::new(name, move |times| {
            // Out of budget a timer would not register itself, and be cheaper than it is.
            runtime.block_on(unconstrained(async {
                let mut cx = Context::from_waker(Waker::noop());
                let start = Instant::now();
                for _ in 0..times {
                    let mut future = pin!(call());
                    while future.as_mut().poll(&mut cx).is_pending() {}
                }
                start.elapsed()
            }))
        })
    }

    fn new(name: &'static str, run: impl FnMut(u64) -> Duration + 'static) -> Self {
        Self {
            name,
            run: Box::new(run),
        }
    }

    /// `ours`, or the peer's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Makes so many calls and says how long they took.
    pub fn run(&mut self, times: u64) -> Duration {
        (self.run)(times)
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How often two threads are sent to meet before what they did is taken as it is.
const MEETINGS: usize = 50;

/// Whether both threads were at work for nearly all of the time.
fn together(runs: &[Range<Instant>; 2]) -> bool {
    let [one, other] = runs;
    let shared = one
        .end
        .min(other.end)
        .saturating_duration_since(one.start.max(other.start));
    shared.as_secs_f64() >= 0.9 * whole(runs).as_secs_f64()
}

fn whole([one, other]: &[Range<Instant>; 2]) -> Duration {
    one.end.max(other.end) - one.start.min(other.start)
}

/// One call of a tower service, which is asked for readiness first, as tower demands.
pub(crate) fn request<S: Service<u64>>(service: &mut S, request: u64) -> S::Future {
    let mut cx = Context::from_waker(Waker::noop());
    let readiness = service.poll_ready(&mut cx);
    assert!(readiness.is_ready(), "nothing here has a queue");
    service.call(request)
}

fn timer_runtime() -> runtime::Runtime {
    runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O")
}
