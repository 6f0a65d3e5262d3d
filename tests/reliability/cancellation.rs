//! Every stack, polled k times and dropped, for every k: afterwards nothing runs, nothing is held,
//! and the books balance.

use std::{
    cell::Cell,
    future::{Future, pending, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, CircuitState, RetryConfig, TimedOut,
    TimeoutConfig, circuit_breaker, fallback, hedge, retry, timeout,
};
use tokio::time::{advance, sleep};

use crate::clock::{paused, poll_up_to};

const TICK: Duration = Duration::from_millis(5);
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug)]
enum Fault {
    Down,
    #[expect(dead_code, reason = "shown by Debug")]
    Open(CircuitOpen),
    #[expect(dead_code, reason = "shown by Debug")]
    Late(TimedOut),
}

impl From<CircuitOpen> for Fault {
    fn from(open: CircuitOpen) -> Self {
        Self::Open(open)
    }
}

impl From<TimedOut> for Fault {
    fn from(late: TimedOut) -> Self {
        Self::Late(late)
    }
}

/// The service: it fails, then hangs, then answers.
#[derive(Default)]
struct Service {
    begun: Cell<u64>,
    running: Cell<u64>,
}

struct Running<'s>(&'s Service);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get() - 1);
    }
}

impl Service {
    fn begin(&self) -> Running<'_> {
        self.running.set(self.running.get() + 1);
        Running(self)
    }

    async fn answer(&self) -> Result<u8, Fault> {
        self.begun.set(self.begun.get() + 1);
        let _running = self.begin();
        yield_once().await;
        match self.begun.get() {
            1 => {
                sleep(TICK).await;
                Err(Fault::Down)
            }
            2 => pending().await,
            _ => {
                sleep(TICK).await;
                yield_once().await;
                Ok(7)
            }
        }
    }
}

/// An await point that is ready at the second poll.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|_| {
        if std::mem::replace(&mut yielded, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[retry(base_delay = 10ms, jitter = none)]
#[circuit_breaker(breaker = breaker)]
#[timeout(20ms)]
async fn rct(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

#[retry(base_delay = 10ms, jitter = none)]
#[timeout(20ms)]
#[circuit_breaker(breaker = breaker)]
async fn rtc(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

#[circuit_breaker(breaker = breaker)]
#[retry(base_delay = 10ms, jitter = none)]
#[timeout(20ms)]
async fn crt(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

#[circuit_breaker(breaker = breaker)]
#[timeout(60ms)]
#[retry(base_delay = 10ms, jitter = none)]
async fn ctr(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

#[timeout(60ms)]
#[retry(base_delay = 10ms, jitter = none)]
#[circuit_breaker(breaker = breaker)]
async fn trc(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

#[timeout(60ms)]
#[circuit_breaker(breaker = breaker)]
#[retry(base_delay = 10ms, jitter = none)]
async fn tcr(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

/// A total and a per-attempt timeout.
#[timeout(200ms)]
#[retry(base_delay = 10ms, jitter = none)]
#[circuit_breaker(breaker = breaker)]
#[timeout(20ms)]
async fn trct(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

#[circuit_breaker(breaker = breaker)]
async fn c(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

/// The answer waits, too, and asks the service once more.
async fn ask_again(_: &Fault, _: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    sleep(TICK).await;
    let _running = service.begin();
    yield_once().await;
    Err(Fault::Down)
}

#[fallback(ask_again)]
#[retry(base_delay = 10ms, jitter = none)]
#[circuit_breaker(breaker = breaker)]
#[timeout(20ms)]
async fn frct(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

#[retry(base_delay = 10ms, jitter = none)]
#[fallback(ask_again)]
#[circuit_breaker(breaker = breaker)]
#[timeout(20ms)]
async fn rfct(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

#[hedge(after = 10ms, budget = 10)]
#[circuit_breaker(breaker = breaker)]
#[timeout(20ms)]
async fn hct(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    service.answer().await
}

async fn by_hand(breaker: &CircuitBreaker, service: &Service) -> Result<u8, Fault> {
    let limit = TimeoutConfig::new(Duration::from_millis(20));
    let attempt = || breaker.call_async(async { limit.run_async(service.answer()).await? });
    RetryConfig::new()
        .base_delay(Duration::from_millis(10))
        .run_async(attempt)
        .await
}

type Call<'a> = Pin<Box<dyn Future<Output = Result<u8, Fault>> + 'a>>;

struct Stack {
    name: &'static str,
    call: for<'a> fn(&'a CircuitBreaker, &'a Service) -> Call<'a>,
    /// The circuit is below the retry, so it sees each attempt.
    per_attempt: bool,
}

const STACKS: [Stack; 12] = [
    Stack {
        name: "rct",
        call: |breaker, service| Box::pin(rct(breaker, service)),
        per_attempt: true,
    },
    Stack {
        name: "rtc",
        call: |breaker, service| Box::pin(rtc(breaker, service)),
        per_attempt: true,
    },
    Stack {
        name: "crt",
        call: |breaker, service| Box::pin(crt(breaker, service)),
        per_attempt: false,
    },
    Stack {
        name: "ctr",
        call: |breaker, service| Box::pin(ctr(breaker, service)),
        per_attempt: false,
    },
    Stack {
        name: "trc",
        call: |breaker, service| Box::pin(trc(breaker, service)),
        per_attempt: true,
    },
    Stack {
        name: "tcr",
        call: |breaker, service| Box::pin(tcr(breaker, service)),
        per_attempt: false,
    },
    Stack {
        name: "trct",
        call: |breaker, service| Box::pin(trct(breaker, service)),
        per_attempt: true,
    },
    Stack {
        name: "frct",
        call: |breaker, service| Box::pin(frct(breaker, service)),
        per_attempt: true,
    },
    Stack {
        name: "rfct",
        call: |breaker, service| Box::pin(rfct(breaker, service)),
        per_attempt: true,
    },
    Stack {
        name: "hct",
        call: |breaker, service| Box::pin(hct(breaker, service)),
        per_attempt: true,
    },
    Stack {
        name: "c",
        call: |breaker, service| Box::pin(c(breaker, service)),
        per_attempt: true,
    },
    Stack {
        name: "by hand",
        call: |breaker, service| Box::pin(by_hand(breaker, service)),
        per_attempt: true,
    },
];

/// The state of the circuit that the call meets.
#[derive(Clone, Copy, Debug)]
enum Circuit {
    Closed,
    /// It opens in the middle of the call.
    Sensitive,
    /// The call is the probe that holds the only slot.
    Probing,
}

async fn circuit(kind: Circuit) -> CircuitBreaker {
    let config = CircuitBreakerConfig::new().recovery_timeout(Duration::from_secs(60));
    let threshold = if let Circuit::Sensitive = kind { 1 } else { 5 };
    let breaker = CircuitBreaker::new("cancellation", config.failure_threshold(threshold));
    if let Circuit::Probing = kind {
        breaker.trip();
        advance(Duration::from_secs(60)).await;
    }
    breaker
}

/// Polls a call up to `polls` times, with time in between, and drops it. Whether it was done by
/// then.
async fn drop_after(stack: &Stack, kind: Circuit, polls: u32) -> bool {
    let case = || format!("{} {kind:?} dropped after {polls} polls", stack.name);
    let breaker = circuit(kind).await;
    let service = Service::default();
    let mut call = (stack.call)(&breaker, &service);
    let done = poll_up_to(call.as_mut(), polls, TICK, |_| {}).await;
    drop(call);
    assert_eq!(service.running.get(), 0, "{}", case());

    let stats = breaker.stats();
    let admitted = stats.successes + stats.failures + stats.ignored + stats.abandoned + stats.late;
    let begun = service.begun.get();
    assert_eq!(
        admitted,
        if stack.per_attempt {
            begun
        } else {
            begun.min(1)
        },
        "{}: {stats:?}",
        case()
    );
    // One by this drop, and one where a timeout above the circuit dropped the attempt that hung.
    assert!(
        stats.abandoned <= 2 && stats.late == 0,
        "{}: {stats:?}",
        case()
    );

    if stats.state != CircuitState::Open {
        let next = breaker.acquire();
        assert!(next.is_ok(), "{}: no slot is held", case());
    }
    advance(HOUR).await;
    assert_eq!(service.begun.get(), begun, "{}: nothing runs on", case());
    let probe = breaker.acquire();
    assert!(probe.is_ok(), "{}: it is not stuck", case());
    done
}

#[test]
fn a_call_may_be_dropped_at_every_await_point() {
    let mut dropped = 0;
    for stack in &STACKS {
        for kind in [Circuit::Closed, Circuit::Sensitive, Circuit::Probing] {
            // The service of `c` hangs at its second call only, so all of them end.
            for polls in 0.. {
                if paused().block_on(drop_after(stack, kind, polls)) {
                    break;
                }
                dropped += 1;
                assert!(polls < 1_000, "{} {kind:?} never ends", stack.name);
            }
        }
    }
    // Fewer would mean that some stack ended before it had attempts, timeouts and waits to be
    // dropped in.
    assert!(dropped > 200, "{dropped}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_aborted_gives_its_probe_slot_back() {
    let breaker = CircuitBreaker::new("cancellation::abort", CircuitBreakerConfig::new());
    breaker.trip();
    advance(Duration::from_secs(30)).await;
    let probe = tokio::spawn({
        let breaker = breaker.clone();
        async move { breaker.call_async(pending::<Result<(), Fault>>()).await }
    });
    tokio::task::yield_now().await;
    assert!(breaker.acquire().is_err(), "the probe has the slot");
    probe.abort();
    assert!(probe.await.unwrap_err().is_cancelled());
    assert_eq!(breaker.stats().abandoned, 1);
    breaker.acquire().expect("the slot is free").success();
}
