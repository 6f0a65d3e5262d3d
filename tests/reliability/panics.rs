//! Panics of everything that is the user's: they reach the caller with their payload, the circuit
//! counts them, and afterwards nothing is poisoned and no slot is taken.

use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerStats, CircuitOpen, CircuitState, TimedOut,
    circuit_breaker, fallback, registry, retry, timeout,
};
use tokio::time::{advance, sleep};
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::with_default,
};

use crate::{alone::is_alone, clock::paused};

const RECOVERY: Duration = Duration::from_secs(30);

/// Opens at the first failure, so that a panic that is counted is seen in the state.
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .success_threshold(1)
    .recovery_timeout(RECOVERY);

/// A panic carries this here, so that no other is taken for it. `resume_unwind` keeps the hook
/// quiet.
#[derive(Debug, PartialEq)]
struct Expected(&'static str);

fn blow_up(place: &'static str) -> ! {
    resume_unwind(Box::new(Expected(place)))
}

fn payload(panic: &(dyn Any + Send)) -> &'static str {
    panic
        .downcast_ref::<Expected>()
        .expect("the panic of the test")
        .0
}

fn caught<T>(body: impl FnOnce() -> T) -> &'static str {
    payload(
        &*catch_unwind(AssertUnwindSafe(body))
            .err()
            .expect("it panics"),
    )
}

fn block_on<F: Future>(future: F) -> F::Output {
    paused().block_on(future)
}

/// The piece of the user's code that panics.
#[derive(Clone, Copy, Debug, PartialEq)]
struct At(&'static str);

impl At {
    fn pass(self, place: &'static str) {
        if self.0 == place {
            blow_up(place);
        }
    }
}

#[derive(Debug)]
struct Fault;

fn fault(at: At) -> impl Fn(CircuitOpen) -> Fault {
    move |_| {
        at.pass("error of the circuit");
        Fault
    }
}

/// A value whose drop panics when it is told to.
struct Value(At);

impl Drop for Value {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.0.pass("drop of a local");
        }
    }
}

/// All pieces of the user's code that the three attributes run, async. The body fails until its
/// third attempt.
#[retry(
    max_retries = 2,
    base_delay = 1s,
    jitter = none,
    retry_if = |_| { at.pass("retry_if"); true },
    delay_hint = |_| { at.pass("delay_hint"); None },
    on_retry = |_| at.pass("on_retry"),
)]
#[circuit_breaker(
    breaker = breaker,
    failure_if = |_| { at.pass("failure_if"); false },
    failure_if_ok = |_| { at.pass("failure_if_ok"); false },
    error = fault(at),
)]
#[timeout(5s, error = |_late: TimedOut| { at.pass("error of the timeout"); Fault })]
async fn guarded(breaker: &CircuitBreaker, at: At, attempts: &AtomicUsize) -> Result<u8, Fault> {
    let _local = Value(at);
    let attempt = attempts.fetch_add(1, Ordering::Relaxed);
    at.pass("body before its first await");
    sleep(Duration::from_secs(if at.0 == "error of the timeout" {
        60
    } else {
        1
    }))
    .await;
    at.pass("body after an await");
    if attempt == 2 { Ok(7) } else { Err(Fault) }
}

/// The same, sync. It never sleeps for real: the delays are zero.
#[retry(
    max_retries = 2,
    base_delay = 0s,
    retry_if = |_| { at.pass("retry_if"); true },
    delay_hint = |_| { at.pass("delay_hint"); None },
    on_retry = |_| at.pass("on_retry"),
)]
#[circuit_breaker(
    breaker = breaker,
    failure_if = |_| { at.pass("failure_if"); false },
    failure_if_ok = |_| { at.pass("failure_if_ok"); false },
    error = fault(at),
)]
#[timeout(1h, mode = cooperative, error = |_late: TimedOut| Fault)]
fn guarded_sync(breaker: &CircuitBreaker, at: At, attempts: &AtomicUsize) -> Result<u8, Fault> {
    let _local = Value(at);
    at.pass("body before its first await");
    if attempts.fetch_add(1, Ordering::Relaxed) == 2 {
        Ok(7)
    } else {
        Err(Fault)
    }
}

/// Within the circuit: the call has failed. Beside it: the call was already counted, or never
/// admitted.
const WITHIN: [&str; 6] = [
    "body before its first await",
    "body after an await",
    "drop of a local",
    "failure_if",
    "failure_if_ok",
    "error of the timeout",
];
const BESIDE: [&str; 3] = ["retry_if", "delay_hint", "on_retry"];

/// Nothing is taken, nothing is poisoned: after the timeout it probes, closes and serves.
async fn assert_serves(breaker: &CircuitBreaker) {
    let stats = breaker.stats();
    assert_eq!(stats.abandoned + stats.late, 0, "{stats:?}");
    advance(RECOVERY).await;
    let value = guarded(breaker, At("nowhere"), &AtomicUsize::new(2)).await;
    assert_eq!(value.unwrap(), 7);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// Panics at the place, and returns the statistics that are left of a circuit that still serves.
fn left_by_a_panic(place: &'static str) -> CircuitBreakerStats {
    block_on(async {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        let attempts = AtomicUsize::new(0);
        let task = guarded(&breaker, At(place), &attempts);
        assert_eq!(payload(&*CatchUnwind(Box::pin(task)).await), place);
        let stats = breaker.stats();
        assert_serves(&breaker).await;
        stats
    })
}

#[test]
fn a_panic_within_the_circuit_is_one_failure_and_reaches_the_caller() {
    for place in WITHIN {
        let stats = left_by_a_panic(place);
        let left = (stats.failures, stats.state);
        assert_eq!(left, (1, CircuitState::Open), "{place}");
    }
}

#[test]
fn a_panic_beside_the_circuit_is_none_of_its_business() {
    for place in BESIDE {
        let stats = left_by_a_panic(place);
        let left = (stats.successes, stats.failures, stats.state);
        assert_eq!(left, (1, 0, CircuitState::Closed), "{place}");
    }
}

#[test]
fn the_same_holds_for_sync_functions() {
    let breaker_after = |place| {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        assert_eq!(
            caught(|| guarded_sync(&breaker, At(place), &AtomicUsize::new(0))),
            place
        );
        breaker
    };
    for place in [
        "body before its first await",
        "drop of a local",
        "failure_if",
        "failure_if_ok",
    ] {
        let stats = breaker_after(place).stats();
        assert_eq!(
            (stats.failures, stats.state, stats.abandoned),
            (1, CircuitState::Open, 0),
            "{place}"
        );
    }
    for place in BESIDE {
        let breaker = breaker_after(place);
        let stats = breaker.stats();
        assert_eq!(
            (stats.successes, stats.failures, stats.abandoned),
            (1, 0, 0),
            "{place}"
        );
        assert_eq!(
            guarded_sync(&breaker, At("nowhere"), &AtomicUsize::new(0)).unwrap(),
            7
        );
    }
}

/// Runs `call` in a destructor while the thread unwinds, and returns where it panicked.
fn caught_while_unwinding(call: impl FnOnce()) -> &'static str {
    struct CleanUp<'p, F: FnOnce()>(Option<F>, &'p mut &'static str);
    impl<F: FnOnce()> Drop for CleanUp<'_, F> {
        fn drop(&mut self) {
            assert!(std::thread::panicking());
            *self.1 = caught(self.0.take().unwrap());
        }
    }
    let mut place = "";
    let outer = caught(|| {
        let _clean_up = CleanUp(Some(call), &mut place);
        blow_up("outer");
    });
    assert_eq!(outer, "outer");
    place
}

#[test]
fn a_panic_of_a_body_called_from_a_destructor_that_unwinds_was_abandoned() {
    // `Value` does not panic in a thread that unwinds.
    for place in WITHIN
        .into_iter()
        .filter(|&place| place != "drop of a local")
    {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        if place != "body after an await" && place != "error of the timeout" {
            let call = || drop(guarded_sync(&breaker, At(place), &AtomicUsize::new(0)));
            assert_panicked_once(place, &breaker, call);
            breaker.reset();
        }
        let call = || drop(block_on(guarded(&breaker, At(place), &AtomicUsize::new(0))));
        assert_panicked_once(place, &breaker, call);
    }
    let breaker = CircuitBreaker::new("panics", CONFIG);
    let call = || drop(breaker.call(|| -> Result<(), CircuitOpen> { blow_up("value") }));
    assert_panicked_once("value", &breaker, call);
    breaker.reset();
    let call = || {
        let body = async { blow_up("async value") };
        let _: Result<(), CircuitOpen> = block_on(breaker.call_async(body));
    };
    assert_panicked_once("async value", &breaker, call);
}

fn assert_panicked_once(place: &'static str, breaker: &CircuitBreaker, call: impl FnOnce()) {
    let before = breaker.stats().failures;
    assert_eq!(caught_while_unwinding(call), place);
    let stats = breaker.stats();
    assert_eq!(
        (stats.failures - before, stats.abandoned, stats.state),
        (1, 0, CircuitState::Open),
        "{place}"
    );
}

#[test]
fn a_panic_while_a_refusal_is_converted_takes_no_slot() {
    block_on(async {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        breaker.trip();
        let at = At("error of the circuit");
        assert_eq!(
            caught(|| guarded_sync(&breaker, at, &AtomicUsize::new(0))),
            at.0
        );
        assert_eq!(breaker.stats().refused, 1);
        assert_serves(&breaker).await;
    });
}

#[circuit_breaker(breaker = breaker, fallback = |_open| blow_up("fallback"))]
fn with_fallback(breaker: &CircuitBreaker) -> Result<(), CircuitOpen> {
    Ok(())
}

#[test]
fn a_panic_in_a_fallback_takes_no_slot() {
    block_on(async {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        breaker.trip();
        assert_eq!(caught(|| with_fallback(&breaker)), "fallback");
        advance(RECOVERY).await;
        assert!(with_fallback(&breaker).is_ok());
        assert_eq!(breaker.state(), CircuitState::Closed);
    });
}

#[circuit_breaker(breaker = breaker, error = Fault)]
#[fallback(
    |_| { at.pass("answer"); Ok(7) },
    on(Fault if { at.pass("guard"); true }),
    when = |_| { at.pass("when"); true },
)]
fn answered(breaker: &CircuitBreaker, at: At) -> Result<u8, Fault> {
    at.pass("body");
    Err(Fault)
}

async fn answer(_: &Fault, breaker: &CircuitBreaker, at: &At) -> Result<u8, Fault> {
    sleep(Duration::from_secs(1)).await;
    at.pass("answer");
    breaker
        .acquire()
        .map(resilience::Permit::ignore)
        .map_err(|_| Fault)?;
    Ok(7)
}

#[fallback(answer, when = |_| { at.pass("when"); true })]
#[circuit_breaker(breaker = breaker, failure_if = |_| false, error = Fault)]
async fn answered_async(breaker: &CircuitBreaker, at: At) -> Result<u8, Fault> {
    at.pass("body");
    Err(Fault)
}

#[test]
fn a_panic_in_an_answer_or_in_its_filters_goes_on_and_takes_no_slot() {
    for place in ["body", "guard", "when", "answer"] {
        block_on(async {
            let breaker = CircuitBreaker::new("panics", CONFIG);
            assert_eq!(caught(|| answered(&breaker, At(place))), place);
            assert_eq!(breaker.stats().failures, 1, "{place} is within the circuit");
            advance(RECOVERY).await;
            assert_eq!(answered(&breaker, At("nowhere")).ok(), Some(7));
            assert_eq!(breaker.state(), CircuitState::Closed);
        });
    }
    for place in ["body", "when", "answer"] {
        block_on(async {
            let breaker = CircuitBreaker::new("panics", CONFIG.failure_threshold(9));
            let call = Box::pin(answered_async(&breaker, At(place)));
            assert_eq!(payload(&*CatchUnwind(call).await), place);
            let stats = breaker.stats();
            assert_eq!(stats.failures, u64::from(place == "body"), "{place}");
            assert_eq!(answered_async(&breaker, At("nowhere")).await.ok(), Some(7));
        });
    }
}

/// A future that a panic inside a poll ends, as a task of tokio is.
struct CatchUnwind<F>(Pin<Box<F>>);

impl<F: Future> Future for CatchUnwind<F> {
    type Output = Box<dyn Any + Send>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(Poll::Ready(_)) => panic!("it ended without a panic"),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(panic),
        }
    }
}

#[test]
fn a_value_dropped_at_the_timeout_may_panic() {
    struct Explosive;
    impl Drop for Explosive {
        fn drop(&mut self) {
            blow_up("drop at the timeout");
        }
    }
    #[circuit_breaker(breaker = breaker)]
    #[timeout(1s)]
    async fn hangs(breaker: &CircuitBreaker) -> std::io::Result<()> {
        let _explosive = Explosive;
        std::future::pending().await
    }
    block_on(async {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        assert_eq!(
            payload(&*CatchUnwind(Box::pin(hangs(&breaker))).await),
            "drop at the timeout"
        );
        assert_eq!(
            (breaker.stats().failures, breaker.state()),
            (1, CircuitState::Open)
        );
        assert_serves(&breaker).await;
    });
}

#[test]
fn a_listener_that_panics_breaks_no_call_and_no_other_listener() {
    /// Even the payload may panic, when it is dropped.
    struct Explosive;
    impl Drop for Explosive {
        fn drop(&mut self) {
            blow_up("payload");
        }
    }
    let breaker = CircuitBreaker::new("panics", CONFIG);
    let heard = Arc::new(AtomicUsize::new(0));
    breaker.on_transition(|_| resume_unwind(Box::new(Explosive)));
    breaker.on_transition({
        let heard = Arc::clone(&heard);
        move |_| {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    });
    breaker.acquire().unwrap().failure();
    breaker.reset();
    assert_eq!(heard.load(Ordering::Relaxed), 2);
    breaker.acquire().unwrap().success();
}

/// A subscriber that panics at every event.
struct Broken;

impl Subscriber for Broken {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        panic_any(Expected("subscriber"));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_subscriber_that_panics_costs_neither_the_outcome_nor_a_listener_its_news() {
    if !is_alone(a_subscriber_that_panics_costs_neither_the_outcome_nor_a_listener_its_news) {
        return;
    }
    let breaker = CircuitBreaker::new("panics", CONFIG);
    let heard = Arc::new(AtomicUsize::new(0));
    breaker.on_transition({
        let heard = Arc::clone(&heard);
        move |_| {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    });
    let permit = breaker.acquire().unwrap();
    assert_eq!(
        caught(|| with_default(Broken, || permit.failure())),
        "subscriber"
    );
    assert_eq!(
        (breaker.stats().failures, breaker.state()),
        (1, CircuitState::Open)
    );
    assert_eq!(heard.load(Ordering::Relaxed), 1);
    breaker.reset();
    breaker.acquire().unwrap().success();
}

#[test]
fn a_subscriber_that_panics_as_probing_begins_takes_no_slot() {
    if !is_alone(a_subscriber_that_panics_as_probing_begins_takes_no_slot) {
        return;
    }
    block_on(async {
        let breaker = CircuitBreaker::new("panics", CONFIG);
        breaker.trip();
        advance(RECOVERY).await;
        assert_eq!(
            caught(|| with_default(Broken, || drop(breaker.acquire()))),
            "subscriber"
        );
        assert_eq!(breaker.stats().abandoned, 1);
        breaker.acquire().expect("the slot is free").success();
        assert_eq!(breaker.state(), CircuitState::Closed);
    });
}

#[test]
fn a_subscriber_that_panics_while_a_call_unwinds_does_not_end_the_process() {
    if !is_alone(a_subscriber_that_panics_while_a_call_unwinds_does_not_end_the_process) {
        return;
    }
    let breaker = CircuitBreaker::new("panics", CONFIG);
    breaker.on_transition(|_| blow_up("listener"));
    let place = caught(|| {
        with_default(Broken, || {
            let _permit = breaker.acquire().unwrap();
            blow_up("body");
        })
    });
    assert_eq!(place, "body");
    assert_eq!(
        (breaker.stats().failures, breaker.state()),
        (1, CircuitState::Open)
    );
}

#[retry(max_retries = 2, base_delay = 0s)]
fn fails(attempts: &AtomicUsize) -> Result<(), Fault> {
    attempts.fetch_add(1, Ordering::Relaxed);
    Err(Fault)
}

#[test]
fn a_subscriber_that_panics_stops_a_retry_with_its_panic() {
    if !is_alone(a_subscriber_that_panics_stops_a_retry_with_its_panic) {
        return;
    }
    let attempts = AtomicUsize::new(0);
    assert_eq!(
        caught(|| with_default(Broken, || fails(&attempts))),
        "subscriber"
    );
    assert_eq!(attempts.load(Ordering::Relaxed), 1);
}

#[test]
fn a_panic_on_a_worker_reaches_the_caller_with_its_payload() {
    #[circuit_breaker(name = "reliability::panics::worker", config = CONFIG)]
    #[timeout(1h)]
    fn on_a_worker() -> std::io::Result<()> {
        blow_up("worker")
    }
    assert_eq!(caught(on_a_worker), "worker");
    let stats = registry::stats("reliability::panics::worker").unwrap();
    assert_eq!((stats.failures, stats.state), (1, CircuitState::Open));
}
