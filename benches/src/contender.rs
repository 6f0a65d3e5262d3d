//! A contender, and the ways to measure it.
//!
//! `black_box` gets outcomes by reference, because by value they would be copied, and a copy can
//! cost more than the call.

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

/// One implementation of the work of a [`Scenario`](crate::Scenario).
pub struct Contender {
    name: &'static str,
    /// The same calls, compiled once for each place in the program.
    places: Vec<Run>,
}

type Run = Box<dyn FnMut(u64) -> Duration>;

/// A place in the program. The number tells the code of one place from that of the others, because
/// the compiler would merge equal functions.
pub(crate) struct Place<const NUMBER: usize>;

impl<const NUMBER: usize> Place<NUMBER> {
    /// A sync call.
    pub(crate) fn sync<T>(name: &'static str, mut call: impl FnMut() -> T + 'static) -> Contender {
        Contender::new(name, move |times| {
            black_box(NUMBER);
            let start = Instant::now();
            for _ in 0..times {
                black_box(&call());
            }
            start.elapsed()
        })
    }

    /// A call that returns a future. It is awaited in a task of tokio's.
    pub(crate) fn awaited<F: Future>(
        name: &'static str,
        mut call: impl FnMut() -> F + 'static,
    ) -> Contender {
        let runtime = timer_runtime();
        Contender::new(name, move |times| {
            runtime.block_on(async {
                black_box(NUMBER);
                let start = Instant::now();
                for _ in 0..times {
                    black_box(&call().await);
                }
                start.elapsed()
            })
        })
    }
}

impl Contender {
    /// A sync call.
    pub fn sync<T>(name: &'static str, call: impl FnMut() -> T + 'static) -> Self {
        Place::<0>::sync(name, call)
    }

    /// A sync call in a state of the process that other contenders must not meet. `enter` makes the
    /// state, which lasts until its value is dropped.
    pub fn sync_within<S, T>(
        name: &'static str,
        enter: impl Fn() -> S + 'static,
        mut call: impl FnMut() -> T + 'static,
    ) -> Self {
        Self::new(name, move |times| {
            let _state = enter();
            let start = Instant::now();
            for _ in 0..times {
                black_box(&call());
            }
            start.elapsed()
        })
    }

    /// A call that two threads make at the same time. The clock stops when both are done.
    ///
    /// On a busy machine the threads may run one after the other. Such a run says nothing and is
    /// repeated.
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
            for _ in 0..MAX_RUNS {
                if overlap(&runs) {
                    break;
                }
                runs = run();
            }
            total(&runs)
        })
    }

    /// A call that one thread makes while other threads keep every core busy. There are twice as
    /// many of them as cores.
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

    /// A call that returns a future. It is awaited in a task of tokio's.
    pub fn awaited<F: Future>(name: &'static str, call: impl FnMut() -> F + 'static) -> Self {
        Place::<0>::awaited(name, call)
    }

    /// A call that returns a future. It is polled again at once whenever it is pending. This leaves
    /// out the runtime's part, because that is the same for all contenders and larger than the
    /// difference between them.
    pub fn polled<F: Future>(name: &'static str, mut call: impl FnMut() -> F + 'static) -> Self {
        let runtime = timer_runtime();
        Self::new(name, move |times| {
            // Without budget a timer would not register itself, and would seem cheaper than it is.
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
            places: vec![Box::new(run)],
        }
    }

    /// Adds the same calls, compiled for other places.
    pub(crate) fn add_places(&mut self, other: Self) {
        assert_eq!(self.name, other.name, "the places have the same contenders");
        self.places.extend(other.places);
    }

    /// The number of places that the calls are compiled for.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// The name: `ours`, or the peer's.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Makes this many calls in the first place, and returns the time that they took.
    pub fn run(&mut self, times: u64) -> Duration {
        self.run_at(0, times)
    }

    /// Makes this many calls in that place, and returns the time that they took.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn run_at(&mut self, place: usize, times: u64) -> Duration {
        (self.places[place])(times)
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// After this many runs without an overlap the last run is taken.
const MAX_RUNS: usize = 50;

/// True if both threads worked at the same time for nearly all of it.
fn overlap(runs: &[Range<Instant>; 2]) -> bool {
    let [one, other] = runs;
    let shared = one
        .end
        .min(other.end)
        .saturating_duration_since(one.start.max(other.start));
    shared.as_secs_f64() >= 0.9 * total(runs).as_secs_f64()
}

fn total([one, other]: &[Range<Instant>; 2]) -> Duration {
    one.end.max(other.end) - one.start.min(other.start)
}

/// One call of a tower service. It is asked for readiness first, because tower demands that.
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
