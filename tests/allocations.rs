//! A call that succeeds at once allocates nothing, under each attribute and under all of them; and
//! neither does a refusal. This is a program of its own, because the counter replaces the
//! allocator.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use allocation_counter::measure;
use resilience::{
    BulkheadFull, CircuitOpen, RateLimited, TimedOut, bulkhead, circuit_breaker, fallback, hedge,
    rate_limit, registry, retry, timeout,
};
use tokio::{runtime, time::sleep};

#[derive(Debug)]
enum Fault {
    Down,
    Refused,
}

impl From<BulkheadFull> for Fault {
    fn from(_: BulkheadFull) -> Self {
        Self::Refused
    }
}

impl From<RateLimited> for Fault {
    fn from(_: RateLimited) -> Self {
        Self::Refused
    }
}

impl From<CircuitOpen> for Fault {
    fn from(_: CircuitOpen) -> Self {
        Self::Refused
    }
}

impl From<TimedOut> for Fault {
    fn from(_: TimedOut) -> Self {
        Self::Refused
    }
}

type Answer = Result<u32, Fault>;

fn answer(number: u32) -> Answer {
    number.checked_add(1).ok_or(Fault::Down)
}

/// Writes a sync function for each line.
macro_rules! sync {
    ($($(#[$attribute:meta])* fn $name:ident;)*) => {$(
        $(#[$attribute])*
        fn $name(number: u32) -> Answer {
            answer(number)
        }
    )*};
}

/// Writes an async function for each line.
macro_rules! asynchronous {
    ($($(#[$attribute:meta])* fn $name:ident;)*) => {$(
        $(#[$attribute])*
        async fn $name(number: u32) -> Answer {
            answer(number)
        }
    )*};
}

sync! {
    #[retry(max_retries = 3)] fn retry_sync;
    #[retry(max_retries = 3, budget = 0.1)] fn budget_sync;
    #[circuit_breaker(failure_threshold = 3)] fn circuit_sync;
    #[circuit_breaker(failure_rate = 0.5)] fn rated_sync;
    #[circuit_breaker(failure_threshold = 3, key = "tenant")] fn keyed_circuit_sync;
    #[timeout(1m, mode = cooperative)] fn timeout_sync;
    #[fallback(|_| Ok(0))] fn fallback_sync;
    #[bulkhead(1)] fn bulkhead_sync;
    #[bulkhead(1, key = "tenant")] fn keyed_bulkhead_sync;
    #[rate_limit(1_000_000, per = 1s)] fn rate_limit_sync;
    #[rate_limit(1_000_000, per = 1s, key = "tenant")] fn keyed_rate_limit_sync;

    #[fallback(|_| Ok(0))]
    #[retry(max_retries = 3)]
    #[circuit_breaker(failure_threshold = 3)]
    #[rate_limit(1_000_000, per = 1s)]
    #[timeout(1m, mode = cooperative)]
    #[bulkhead(1)]
    fn six_sync;
}

asynchronous! {
    #[retry(max_retries = 3)] fn retry_async;
    #[retry(max_retries = 3, budget = 0.1)] fn budget_async;
    #[circuit_breaker(failure_threshold = 3)] fn circuit_async;
    #[circuit_breaker(failure_rate = 0.5)] fn rated_async;
    #[circuit_breaker(failure_threshold = 3, key = "tenant")] fn keyed_circuit_async;
    #[timeout(1m)] fn timeout_async;
    #[fallback(|_| Ok(0))] fn fallback_async;
    #[bulkhead(1)] fn bulkhead_async;
    #[bulkhead(1, key = "tenant")] fn keyed_bulkhead_async;
    #[rate_limit(1_000_000, per = 1s)] fn rate_limit_async;
    #[rate_limit(1_000_000, per = 1s, key = "tenant")] fn keyed_rate_limit_async;
    #[hedge(after = 1m, budget = 0.1)] fn hedge_async;
    #[hedge(budget = 0.1)] fn hedge_by_percentile_async;

    #[fallback(|_| Ok(0))]
    #[retry(max_retries = 3)]
    #[hedge(after = 1m, budget = 0.1)]
    #[circuit_breaker(failure_threshold = 3)]
    #[rate_limit(1_000_000, per = 1s)]
    #[timeout(1m)]
    #[bulkhead(1)]
    fn seven_async;
}

/// Polls a future that is ready at once.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

/// The allocations of a call, after calls that made everything that is made once.
fn allocations(call: impl Fn() -> Answer) -> u64 {
    for _ in 0..3 {
        let _ = call();
    }
    measure(|| {
        let _ = call();
    })
    .count_total
}

type Call = fn(u32) -> Answer;

macro_rules! calls {
    (sync $($name:ident)*) => { [$((stringify!($name), $name as Call)),*] };
    (asynchronous $($name:ident)*) => {
        [$((stringify!($name), (|number| ready($name(number))) as Call)),*]
    };
}

#[test]
fn a_call_that_succeeds_at_once_allocates_nothing() {
    let sync = calls!(sync retry_sync budget_sync circuit_sync rated_sync keyed_circuit_sync timeout_sync
        fallback_sync bulkhead_sync keyed_bulkhead_sync rate_limit_sync keyed_rate_limit_sync six_sync);
    let asynchronous = calls!(asynchronous retry_async budget_async circuit_async rated_async
        keyed_circuit_async timeout_async fallback_async bulkhead_async keyed_bulkhead_async
        rate_limit_async keyed_rate_limit_async hedge_async hedge_by_percentile_async seven_async);
    for (name, call) in sync.into_iter().chain(asynchronous) {
        assert!(call(7).is_ok(), "{name}");
        assert_eq!(allocations(|| call(7)), 0, "{name}");
    }
}

#[test]
fn a_refusal_allocates_nothing() {
    #[circuit_breaker(name = "allocations::open")]
    fn open() -> Answer {
        answer(7)
    }
    #[bulkhead(1, name = "allocations::full")]
    fn full(inside: &dyn Fn() -> Answer) -> Answer {
        inside()
    }
    #[rate_limit(1, per = 1h, name = "allocations::limited")]
    fn limited() -> Answer {
        answer(7)
    }
    assert!(open().is_ok() && limited().is_ok());
    assert!(registry::isolate("allocations::open"));
    let full = || full(&|| full(&|| answer(7)));
    for (name, call) in [
        ("open", &open as &dyn Fn() -> Answer),
        ("full", &full),
        ("limited", &limited),
    ] {
        assert!(matches!(call(), Err(Fault::Refused)), "{name}");
        assert_eq!(allocations(call), 0, "{name}");
    }
}

#[test]
fn a_body_that_waits_allocates_nothing_for_its_timers() {
    #[timeout(1m)]
    async fn limited() -> Answer {
        sleep(Duration::from_millis(1)).await;
        answer(7)
    }
    #[hedge(after = 1m, budget = 0.1)]
    async fn hedged() -> Answer {
        sleep(Duration::from_millis(1)).await;
        answer(7)
    }
    let runtime = runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime without I/O");
    assert_eq!(allocations(|| runtime.block_on(limited())), 0);
    assert_eq!(allocations(|| runtime.block_on(hedged())), 0);
}
