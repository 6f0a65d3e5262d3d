//! All seven policies around one body: dropped at each await point, with a panic at each place of
//! the user's code, and before a thousand callers. Afterwards no slot is taken, nothing waits, and
//! each policy has counted its part.

use std::{
    any::Any,
    future::{Future, pending},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering},
    task::{Context, Poll, Waker},
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState, TimedOut, bulkhead, circuit_breaker,
    fallback, hedge, rate_limit, registry, retry, timeout,
};
use tokio::time::{advance, sleep};

use crate::{clock::paused, fault::Fault};

const TICK: Duration = Duration::from_millis(5);
const RECOVERY: Duration = Duration::from_secs(30);

/// The service fails, then hangs, then answers. It counts the bodies that run.
#[derive(Default)]
struct Service {
    begun: AtomicU32,
    running: AtomicU32,
}

struct Running<'s>(&'s Service);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Service {
    async fn answer(&self, at: At) -> Result<u8, Fault> {
        at.pass("body before its first await");
        let begun = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        self.running.fetch_add(1, Ordering::SeqCst);
        let _running = Running(self);
        sleep(TICK).await;
        at.pass("body after an await");
        match begun {
            1 => Err(Fault::Down),
            2 => pending().await,
            _ => Ok(7),
        }
    }

    fn running(&self) -> u32 {
        self.running.load(Ordering::SeqCst)
    }
}

/// The piece of the user's code that panics.
#[derive(Clone, Copy)]
struct At(&'static str);

impl At {
    fn pass(self, place: &'static str) {
        if self.0 == place {
            // The hook of panics stays quiet.
            resume_unwind(Box::new(place));
        }
    }
}

/// The answer waits, too.
async fn remembered(_: &Fault, _: &CircuitBreaker, _: &Service, at: &At) -> Result<u8, Fault> {
    sleep(TICK).await;
    at.pass("answer");
    Ok(1)
}

#[fallback(remembered, when = |_| { at.pass("when of the fallback"); true })]
#[retry(max_retries = 2, base_delay = 10ms, jitter = none, retry_if = |_| { at.pass("retry_if"); true })]
#[hedge(after = 10ms, budget = 10, accept_on(_ if { at.pass("accept_on"); false }))]
#[circuit_breaker(breaker = breaker, failure_if = |_| { at.pass("failure_if"); true })]
#[rate_limit(1_000_000, per = 1s, name = "reliability::seven")]
#[timeout(20ms, error = |_: TimedOut| { at.pass("error of the timeout"); Fault::Late })]
#[bulkhead(8, name = "reliability::seven")]
async fn recommended(breaker: &CircuitBreaker, service: &Service, at: At) -> Result<u8, Fault> {
    service.answer(at).await
}

/// The same policies the other way round, as far as that has a sense: all that refuse are above.
#[bulkhead(8, name = "reliability::seven")]
#[timeout(200ms, error = |_: TimedOut| { at.pass("error of the timeout"); Fault::Late })]
#[rate_limit(1_000_000, per = 1s, name = "reliability::seven")]
#[circuit_breaker(breaker = breaker, failure_if = |_| { at.pass("failure_if"); true })]
#[retry(max_retries = 2, base_delay = 10ms, jitter = none, retry_if = |_| { at.pass("retry_if"); true })]
#[fallback(remembered, when = |_| { at.pass("when of the fallback"); true })]
#[hedge(after = 10ms, budget = 10, accept_on(_ if { at.pass("accept_on"); false }))]
async fn reversed(breaker: &CircuitBreaker, service: &Service, at: At) -> Result<u8, Fault> {
    service.answer(at).await
}

type Call<'a> = Pin<Box<dyn Future<Output = Result<u8, Fault>> + 'a>>;
type Stack = for<'a> fn(&'a CircuitBreaker, &'a Service, At) -> Call<'a>;

const STACKS: [(&str, Stack); 2] = [
    ("recommended", |breaker, service, at| {
        Box::pin(recommended(breaker, service, at))
    }),
    ("reversed", |breaker, service, at| {
        Box::pin(reversed(breaker, service, at))
    }),
];

fn breaker(threshold: u32) -> CircuitBreaker {
    let config = CircuitBreakerConfig::new()
        .failure_threshold(threshold)
        .recovery_timeout(RECOVERY);
    CircuitBreaker::new("reliability::seven", config)
}

/// No body runs, no permit is out, nothing waits, and the circuit admits a probe when it may.
async fn assert_is_free(case: &str, breaker: &CircuitBreaker, service: &Service) {
    assert_eq!(service.running(), 0, "{case}");
    let slots = registry::bulkhead("reliability::seven").expect("a call has registered it");
    assert_eq!((slots.in_use, slots.waiting), (0, 0), "{case}");
    let limit = registry::rate_limit("reliability::seven").expect("a call has registered it");
    assert_eq!((limit.waiting, limit.refused), (0, 0), "{case}");
    let begun = service.begun.load(Ordering::SeqCst);
    advance(RECOVERY).await;
    assert_eq!(
        service.begun.load(Ordering::SeqCst),
        begun,
        "{case}: nothing runs on"
    );
    breaker
        .acquire()
        .expect("no slot of the circuit is taken")
        .ignore();
}

/// Two tests share the bulkhead and the limit, so they take turns.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Polls a call up to `polls` times, with time in between, and drops it. True if it ended before.
async fn drop_after((name, stack): (&str, Stack), threshold: u32, polls: u32) -> bool {
    let breaker = breaker(threshold);
    let service = Service::default();
    let mut call = stack(&breaker, &service, At("nowhere"));
    let mut is_done = false;
    for _ in 0..polls {
        let mut cx = Context::from_waker(Waker::noop());
        is_done = call.as_mut().poll(&mut cx).is_ready();
        if is_done {
            break;
        }
        advance(TICK).await;
    }
    drop(call);
    if polls > 0 {
        let case = format!("{name} with the threshold {threshold}, dropped after {polls} polls");
        assert_is_free(&case, &breaker, &service).await;
    }
    is_done
}

#[test]
fn a_call_under_all_seven_may_be_dropped_at_every_await_point() {
    let _turn = turn();
    let mut dropped = 0;
    for stack in STACKS {
        // With the threshold 1 the circuit opens in the middle of the call.
        for threshold in [1, 5] {
            for polls in 0.. {
                if paused().block_on(drop_after(stack, threshold, polls)) {
                    break;
                }
                dropped += 1;
                assert!(polls < 1_000, "{} never ends", stack.0);
            }
        }
    }
    // Fewer would mean that the calls end before they hedge, wait and time out.
    assert!(dropped > 10, "{dropped}");
}

/// A future that a panic inside a poll ends, as it ends a task of tokio.
struct CatchUnwind<'a>(Call<'a>);

impl Future for CatchUnwind<'_> {
    type Output = Result<Result<u8, Fault>, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

const PLACES: [&str; 8] = [
    "body before its first await",
    "body after an await",
    "accept_on",
    "failure_if",
    "retry_if",
    "error of the timeout",
    "when of the fallback",
    "answer",
];

#[test]
fn a_panic_at_any_place_under_all_seven_reaches_the_caller_and_takes_no_slot() {
    let _turn = turn();
    let mut seen = [0; PLACES.len()];
    for (name, stack) in STACKS {
        for (place, seen) in PLACES.into_iter().zip(&mut seen) {
            paused().block_on(async {
                let breaker = breaker(1);
                let service = Service::default();
                let outcome = CatchUnwind(stack(&breaker, &service, At(place))).await;
                if let Err(panic) = outcome {
                    assert_eq!(panic.downcast_ref(), Some(&place), "{name}");
                    *seen += 1;
                }
                assert_is_free(&format!("{name}: {place}"), &breaker, &service).await;
            });
        }
    }
    for (place, seen) in PLACES.iter().zip(seen) {
        assert!(seen > 0, "no stack came to the place `{place}`");
    }
}

#[fallback(|_| Ok(0), on(Fault::Open | Fault::Down))]
#[retry(max_retries = 2, base_delay = 10ms)]
#[hedge(after = 10ms, budget = 10)]
#[circuit_breaker(breaker = &breaker)]
#[rate_limit(1_000_000, per = 1s, name = "reliability::seven::herd")]
#[timeout(1h)]
#[bulkhead(2, name = "reliability::seven::herd")]
async fn held(breaker: CircuitBreaker, service: &'static Service) -> Result<u8, Fault> {
    service.running.fetch_add(1, Ordering::SeqCst);
    sleep(RECOVERY).await;
    Ok(7)
}

/// A thousand callers come when the circuit has just begun to admit three probes. The bulkhead has
/// two slots, so it refuses the third probe. That gives its place to the next caller, and so on.
#[tokio::test(start_paused = true)]
async fn of_a_thousand_callers_as_many_reach_the_body_as_every_policy_admits() {
    let config = CircuitBreakerConfig::new()
        .recovery_timeout(RECOVERY)
        .half_open_max_calls(3)
        .success_threshold(2);
    let breaker = CircuitBreaker::new("reliability::seven::herd", config);
    breaker.trip();
    advance(RECOVERY).await;
    let service: &'static Service = Box::leak(Box::default());
    let calls: Vec<_> = (0..1_000)
        .map(|_| tokio::spawn(held(breaker.clone(), service)))
        .collect();
    sleep(RECOVERY / 2).await;
    assert_eq!(
        service.running(),
        2,
        "nobody hedges while the circuit probes"
    );
    let slots = registry::bulkhead("reliability::seven::herd").expect("a call has registered it");
    assert_eq!((slots.in_use, slots.refused), (2, 998));
    let mut full = 0;
    for call in calls {
        match call.await.expect("no call panics") {
            Ok(value) => assert_eq!(value, 7),
            Err(fault) => {
                assert_eq!(fault, Fault::Full);
                full += 1;
            }
        }
    }
    let stats = breaker.stats();
    assert_eq!(full, 998, "a refusal is neither retried nor hedged");
    assert_eq!((stats.state, stats.successes), (CircuitState::Closed, 2));
    assert_eq!((stats.ignored, stats.failures), (998, 0));
}
