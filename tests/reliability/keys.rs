//! Circuits per key beside a map of circuits without a bound, at a thousand callers, and under keys
//! that somebody invents.

use std::{
    collections::HashMap,
    future::{Future, pending, poll_fn},
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use proptest::{collection::vec, prelude::*, sample::Index};
use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerFamily, CircuitBreakerStats, CircuitOpen,
    CircuitState, OwnedPermit, circuit_breaker, registry,
};
use tokio::time::{Instant, advance};

use crate::{clock::paused, search};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);
const KEYS: [&str; 3] = ["a", "b", "c"];
const ROOM: u32 = 2;

#[derive(Clone, Copy, Debug)]
enum End {
    Success,
    Failure,
    Ignored,
    Dropped,
    Panic,
}

#[derive(Clone, Debug)]
enum Act {
    /// Asks the circuit of a key for a permit.
    Acquire(usize),
    /// Ends one of the calls under way.
    End(Index, End),
    Advance(Duration),
    /// Commands for one key.
    Trip(usize),
    Isolate(usize),
    Reset(usize),
    /// Commands for all keys.
    TripAll,
    IsolateAll,
    ResetAll,
}

fn act() -> impl Strategy<Value = Act> {
    let key = 0..KEYS.len();
    let end = prop_oneof![
        4 => Just(End::Success),
        3 => Just(End::Failure),
        1 => Just(End::Ignored),
        1 => Just(End::Dropped),
        1 => Just(End::Panic),
    ];
    let time = prop_oneof![
        Just(NANO),
        Just(SECOND),
        (1_u32..=4).prop_map(|times| SECOND * times),
        (1_u32..=4).prop_map(|times| (SECOND * times).saturating_sub(NANO)),
        Just(SECOND * 30),
    ];
    prop_oneof![
        10 => key.clone().prop_map(Act::Acquire),
        9 => (any::<Index>(), end).prop_map(|(call, end)| Act::End(call, end)),
        5 => time.prop_map(Act::Advance),
        1 => key.clone().prop_map(Act::Trip),
        1 => key.clone().prop_map(Act::Isolate),
        1 => key.prop_map(Act::Reset),
        1 => Just(Act::TripAll),
        1 => Just(Act::IsolateAll),
        2 => Just(Act::ResetAll),
    ]
}

/// The settings that differ between runs.
fn config() -> impl Strategy<Value = CircuitBreakerConfig> {
    let criterion = prop_oneof![
        (1_u32..=3).prop_map(|failures| CircuitBreakerConfig::new().failure_threshold(failures)),
        (1_u32..=4).prop_map(|calls| {
            CircuitBreakerConfig::new()
                .failure_rate(0.5)
                .minimum_calls(calls)
        }),
    ];
    // The time to be idle is below, at and above the window.
    (criterion, 1_u32..=3, 1_u32..=3).prop_map(|(config, idle, window)| {
        config
            .failure_window(SECOND * window)
            .recovery_timeout(SECOND * 2)
            .success_threshold(1)
            .max_keys(ROOM)
            .idle(SECOND * idle)
    })
}

/// A call that both admitted.
struct Call {
    key: usize,
    permit: OwnedPermit,
    /// `None` for a call that shares the overflow circuit.
    reference: Option<OwnedPermit>,
}

/// A map of circuits without a bound.
struct Unbounded {
    config: CircuitBreakerConfig,
    circuits: HashMap<usize, CircuitBreaker>,
    is_isolated: bool,
    /// The end of the last call of each key, or the moment at which its circuit was made.
    idle_since: HashMap<usize, Instant>,
}

impl Unbounded {
    fn circuit(&mut self, key: usize) -> CircuitBreaker {
        let new = || {
            let circuit = CircuitBreaker::new("reference", self.config);
            if self.is_isolated {
                circuit.isolate();
            }
            circuit
        };
        self.circuits.entry(key).or_insert_with(new).clone()
    }

    /// True if the circuit of the key equals a new one and has been idle for long enough, so that
    /// it may make room.
    fn is_evictable(&self, key: usize, calls: &[Call]) -> bool {
        let Some(circuit) = self.circuits.get(&key) else {
            return false;
        };
        let stats = circuit.stats();
        stats.state == CircuitState::Closed
            && stats.failure_count == 0
            && !self.is_isolated
            && !calls
                .iter()
                .any(|call| call.key == key && call.reference.is_some())
            && self.idle_since[&key].elapsed() >= self.config.get_idle()
    }
}

fn answer(permit: &Result<OwnedPermit, CircuitOpen>) -> Result<(), (Option<Duration>, String)> {
    match permit {
        Ok(_) => Ok(()),
        Err(open) => Err((open.retry_after(), open.reason().to_string())),
    }
}

fn end(permit: OwnedPermit, end: End) {
    match end {
        End::Success => permit.success(),
        End::Failure => permit.failure(),
        End::Ignored => permit.ignore(),
        End::Dropped => drop(permit),
        End::Panic => {
            let body = || {
                let _permit = permit;
                resume_unwind(Box::new("expected"))
            };
            let panic: Result<(), _> = catch_unwind(AssertUnwindSafe(body));
            assert!(panic.is_err());
        }
    }
}

struct Comparison {
    family: CircuitBreakerFamily,
    unbounded: Unbounded,
    calls: Vec<Call>,
}

impl Comparison {
    fn new(config: CircuitBreakerConfig) -> Self {
        Self {
            family: CircuitBreakerFamily::new("bounded", config),
            unbounded: Unbounded {
                config,
                circuits: HashMap::new(),
                is_isolated: false,
                idle_since: HashMap::new(),
            },
            calls: Vec::new(),
        }
    }

    /// True if a circuit without failures equals a new one. With a rate the successes in the window
    /// make a difference, and the reference does not know them.
    fn is_exact(&self) -> bool {
        self.unbounded.config.get_failure_rate().is_none()
    }

    /// The keys that have a circuit of their own.
    fn present(&self) -> Vec<usize> {
        let has_circuit = |key: &usize| self.family.get(KEYS[*key]).is_some();
        (0..KEYS.len()).filter(has_circuit).collect()
    }

    fn acquire(&mut self, key: usize) -> Result<(), TestCaseError> {
        let before = self.present();
        let evictable: Vec<_> = before
            .iter()
            .copied()
            .filter(|&key| self.unbounded.is_evictable(key, &self.calls))
            .collect();
        let permit = self.family.acquire(KEYS[key]);
        let after = self.present();
        if !after.contains(&key) {
            prop_assert!(before.len() >= ROOM as usize && !before.contains(&key));
            prop_assert!(
                evictable.is_empty() || !self.is_exact(),
                "{evictable:?} could have made room"
            );
            if let Err(open) = &permit {
                prop_assert_eq!((open.name(), open.key()), ("bounded{*}", Some(KEYS[key])));
            }
            let reference = None;
            self.calls.extend(permit.map(|permit| Call {
                key,
                permit,
                reference,
            }));
            return Ok(());
        }
        if !before.contains(&key) {
            self.unbounded.idle_since.insert(key, Instant::now());
        }
        for gone in before.iter().filter(|key| !after.contains(key)) {
            prop_assert!(evictable.contains(gone));
            let idle_since = |key: &usize| self.unbounded.idle_since[key];
            let oldest = evictable.iter().map(idle_since).min();
            prop_assert!(!self.is_exact() || oldest == Some(idle_since(gone)));
        }
        let reference = self.unbounded.circuit(key).acquire_owned();
        prop_assert_eq!(answer(&permit), answer(&reference));
        if let (Ok(permit), Ok(reference)) = (permit, reference) {
            let reference = Some(reference);
            self.calls.push(Call {
                key,
                permit,
                reference,
            });
        }
        Ok(())
    }

    fn end(&mut self, call: Index, how: End) {
        if self.calls.is_empty() {
            return;
        }
        let call = self.calls.swap_remove(call.index(self.calls.len()));
        end(call.permit, how);
        if let Some(reference) = call.reference {
            end(reference, how);
            self.unbounded.idle_since.insert(call.key, Instant::now());
        }
    }

    /// A command for a key, if the key has a circuit.
    fn command(&mut self, key: usize, command: fn(&CircuitBreaker)) {
        if let Some(circuit) = self.family.get(KEYS[key]) {
            command(&circuit);
            command(&self.unbounded.circuit(key));
        }
    }

    fn trip_all(&mut self) {
        let present = self.present();
        self.family.trip();
        self.unbounded.is_isolated = false;
        for key in present {
            self.unbounded.circuit(key).trip();
        }
        // A key that was forgotten is as good as one that never came.
        let present = self.present();
        self.unbounded
            .circuits
            .retain(|key, _| present.contains(key));
    }

    async fn run(mut self, acts: Vec<Act>) -> Result<(), TestCaseError> {
        for act in acts {
            match act {
                Act::Acquire(key) => self.acquire(key)?,
                Act::End(call, how) => self.end(call, how),
                Act::Advance(time) => advance(time).await,
                Act::Trip(key) => self.command(key, CircuitBreaker::trip),
                Act::Isolate(key) => self.command(key, CircuitBreaker::isolate),
                Act::Reset(key) => self.command(key, CircuitBreaker::reset),
                Act::TripAll => self.trip_all(),
                Act::IsolateAll => {
                    self.family.isolate();
                    self.unbounded.is_isolated = true;
                    self.unbounded
                        .circuits
                        .values()
                        .for_each(CircuitBreaker::isolate);
                }
                Act::ResetAll => {
                    self.family.reset();
                    self.unbounded.is_isolated = false;
                    self.unbounded
                        .circuits
                        .values()
                        .for_each(CircuitBreaker::reset);
                }
            }
            self.compare()?;
        }
        Ok(())
    }

    /// Compares each circuit that is there with the one of the reference.
    fn compare(&mut self) -> Result<(), TestCaseError> {
        let present = self.present();
        prop_assert!(present.len() <= ROOM as usize);
        for key in present {
            let circuit = self.family.get(KEYS[key]).expect("it is present");
            let seen = |stats: CircuitBreakerStats| {
                let CircuitBreakerStats {
                    state,
                    isolated,
                    failure_count,
                    failure_rate,
                    retry_after,
                    ..
                } = stats;
                (state, isolated, failure_count, failure_rate, retry_after)
            };
            let reference = self.unbounded.circuit(key);
            prop_assert_eq!(
                seen(circuit.stats()),
                seen(reference.stats()),
                "{}",
                KEYS[key]
            );
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(search(512))]

    #[test]
    fn admission_is_that_of_a_map_without_a_bound_except_in_the_overflow(
        config in config(),
        acts in vec(act(), 1..120),
    ) {
        paused().block_on(Comparison::new(config).run(acts))?;
    }
}

#[circuit_breaker(name = "herd of keys", key = key, failure_threshold = 1, recovery_timeout = 30s)]
async fn call(key: u32, reached: &AtomicU32, answers: &AtomicBool) -> io::Result<()> {
    reached.fetch_add(1, Ordering::SeqCst);
    poll_fn(|_| {
        if answers.load(Ordering::SeqCst) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    Ok(())
}

#[test]
fn when_a_key_recovers_one_probe_reaches_its_service_and_the_other_keys_are_not_held_up() {
    const THREADS: usize = 8;
    const CALLERS: usize = 1_000;
    let [reached, others] = [0; 2].map(AtomicU32::new);
    let answers = AtomicBool::new(false);
    let is_up = AtomicBool::new(true);
    registry::get_or_register_family(
        "herd of keys",
        CircuitBreakerConfig::new().failure_threshold(1),
    )
    .circuit(7)
    .trip();
    let runtime = paused();
    runtime.block_on(advance(SECOND * 30));
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let _inside = runtime.enter();
                let mut calls: Vec<_> = (0..CALLERS / THREADS)
                    .map(|_| Box::pin(call(7, &reached, &answers)))
                    .collect();
                barrier.wait();
                let mut context = Context::from_waker(Waker::noop());
                calls.retain_mut(|call| call.as_mut().poll(&mut context).is_pending());
                for key in 8..100 {
                    let mut other = pin!(call(key, &others, &is_up));
                    assert!(matches!(
                        other.as_mut().poll(&mut context),
                        Poll::Ready(Ok(()))
                    ));
                }
                barrier.wait();
                answers.store(true, Ordering::SeqCst);
                for mut probe in calls {
                    assert!(probe.as_mut().poll(&mut context).is_ready());
                }
            });
        }
    });
    assert_eq!(reached.into_inner(), 1, "one slot for probes");
    assert_eq!(others.into_inner(), 92 * 8);
}

#[test]
fn a_call_that_is_dropped_at_any_await_leaves_its_circuit_to_be_forgotten() {
    #[circuit_breaker(name = "dropped keys", key = key, max_keys = 1, idle = 1s)]
    async fn wait(key: &str, awaits: u32) -> io::Result<()> {
        let _ = key;
        for _ in 0..awaits {
            tokio::task::yield_now().await;
        }
        if awaits > 0 { pending().await } else { Ok(()) }
    }
    let runtime = paused();
    let _inside = runtime.enter();
    let mut context = Context::from_waker(Waker::noop());
    for polls in 0..4 {
        let key = format!("polled {polls} times");
        {
            let mut call = pin!(wait(&key, 3));
            for _ in 0..polls {
                assert!(call.as_mut().poll(&mut context).is_pending());
            }
        }
        runtime.block_on(advance(SECOND));
        let ready = runtime.block_on(wait("next", 0));
        assert!(ready.is_ok());
        let family = registry::family("dropped keys").expect("it ran");
        assert_eq!((family.keys, family.overflow), (1, 0), "{polls}");
        runtime.block_on(advance(SECOND));
    }
}

#[test]
fn invented_keys_neither_fill_the_memory_nor_free_a_tripped_circuit() {
    // The circuit stays open for longer than a slow machine takes for the calls.
    let config = CircuitBreakerConfig::new()
        .failure_threshold(1)
        .recovery_timeout(SECOND * 3_600)
        .max_keys(100)
        .idle(NANO);
    let family = registry::get_or_register_family("invented keys", config);
    assert!(family.acquire("down").map(OwnedPermit::failure).is_ok());
    thread::scope(|scope| {
        for thread in 0..4 {
            let family = &family;
            scope.spawn(move || {
                for number in 0..25_000 {
                    let key = format!("{thread} {number}");
                    family
                        .acquire(&key)
                        .expect("a new circuit is closed")
                        .success();
                }
            });
        }
    });
    let stats = registry::family("invented keys").expect("it is registered");
    assert_eq!((stats.keys, stats.open, stats.max_keys), (100, 1, 100));
    assert_eq!(stats.successes, 100_000);
    assert_eq!(stats.evicted + stats.overflow, 100_000 - 99);
    let down = registry::get_key("invented keys", "down").expect("never forgotten");
    assert_eq!((down.state(), down.stats().opened), (CircuitState::Open, 1));
}
