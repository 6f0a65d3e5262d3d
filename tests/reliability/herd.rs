//! A thousand callers at the moment a circuit recovers: as many reach the service as there are
//! probe slots.

use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitBreakerStats, CircuitState, circuit_breaker,
};
use tokio::{runtime, time::advance};

use crate::clock::paused;

const RECOVERY: Duration = Duration::from_secs(30);
/// Only a test that fails waits for so long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const THREADS: usize = 8;
const CALLERS: usize = 1_000;

/// Counts who reaches it, and keeps them until it answers.
#[derive(Default)]
struct Service {
    reached: AtomicU32,
    answers: AtomicBool,
}

#[circuit_breaker(breaker = breaker)]
async fn call(breaker: &CircuitBreaker, service: &Service) -> io::Result<()> {
    service.reached.fetch_add(1, Ordering::SeqCst);
    poll_fn(|_| {
        if service.answers.load(Ordering::SeqCst) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    Ok(())
}

#[circuit_breaker(breaker = breaker)]
fn call_sync(breaker: &CircuitBreaker, service: &Service) -> io::Result<()> {
    service.reached.fetch_add(1, Ordering::SeqCst);
    while !service.answers.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    Ok(())
}

/// Under the runtime's clock, a circuit whose recovery time has just passed.
fn recovering(clock: &runtime::Runtime, probes: u32) -> CircuitBreaker {
    let config = CircuitBreakerConfig::new()
        .recovery_timeout(RECOVERY)
        .half_open_max_calls(probes)
        .success_threshold(probes);
    clock.block_on(async {
        let breaker = CircuitBreaker::new("herd", config);
        breaker.trip();
        advance(RECOVERY).await;
        breaker
    })
}

/// The number of calls that reached the service, and the state of the circuit meanwhile. Asserted
/// on when all threads are back, lest a failure leave them waiting.
type Seen = (u32, CircuitBreakerStats);

fn look(breaker: &CircuitBreaker, service: &Service) -> Seen {
    (service.reached.load(Ordering::SeqCst), breaker.stats())
}

fn assert_only_probes_came((reached, stats): &Seen, probes: u32, callers: usize) {
    assert_eq!(*reached, probes);
    assert_eq!(
        (stats.state, stats.half_opened),
        (CircuitState::HalfOpen, 1)
    );
    assert_eq!(stats.refused, callers as u64 - u64::from(probes));
}

#[test]
fn of_a_thousand_async_callers_only_the_probes_reach_the_service() {
    for probes in [1, 3, 50] {
        let clock = paused();
        let breaker = recovering(&clock, probes);
        let service = Service::default();
        let barrier = Barrier::new(THREADS + 1);
        let seen = thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    // The paused clock on a thread of its own: virtual time and real concurrency.
                    let _clock = clock.handle().enter();
                    let mut cx = Context::from_waker(Waker::noop());
                    let mut calls: Vec<Pin<Box<dyn Future<Output = io::Result<()>>>>> = (0
                        ..CALLERS / THREADS)
                        .map(|_| Box::pin(call(&breaker, &service)) as _)
                        .collect();
                    barrier.wait();
                    calls.retain_mut(|call| call.as_mut().poll(&mut cx).is_pending());
                    barrier.wait();
                    // Here the main thread looks.
                    barrier.wait();
                    for call in &mut calls {
                        assert!(matches!(call.as_mut().poll(&mut cx), Poll::Ready(Ok(()))));
                    }
                });
            }
            barrier.wait();
            barrier.wait();
            let _clock = clock.handle().enter();
            let seen = look(&breaker, &service);
            service.answers.store(true, Ordering::SeqCst);
            barrier.wait();
            seen
        });
        assert_only_probes_came(&seen, probes, CALLERS);
        let stats = breaker.stats();
        assert_eq!(
            (stats.state, stats.successes, stats.closed),
            (CircuitState::Closed, probes.into(), 1)
        );
    }
}

#[test]
fn of_a_hundred_threads_only_the_probes_reach_the_service() {
    const CALLERS: usize = 100;
    for probes in [1, 3] {
        let clock = paused();
        let breaker = recovering(&clock, probes);
        let service = Service::default();
        let barrier = Barrier::new(CALLERS);
        let refused = AtomicU32::new(0);
        let seen = thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| {
                    let _clock = clock.handle().enter();
                    barrier.wait();
                    if call_sync(&breaker, &service).is_err() {
                        refused.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            let _clock = clock.handle().enter();
            let begun = std::time::Instant::now();
            while (refused.load(Ordering::SeqCst) + service.reached.load(Ordering::SeqCst)) as usize
                != CALLERS
                && begun.elapsed() < LONGEST_WAIT
            {
                thread::yield_now();
            }
            let seen = look(&breaker, &service);
            service.answers.store(true, Ordering::SeqCst);
            seen
        });
        assert_only_probes_came(&seen, probes, CALLERS);
        assert_eq!(breaker.state(), CircuitState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_sends_the_next_thousand_away() {
    let config = CircuitBreakerConfig::new().recovery_timeout(RECOVERY);
    let breaker = CircuitBreaker::new("herd", config);
    breaker.trip();
    for round in 1..=5 {
        advance(RECOVERY).await;
        let calls = (0..CALLERS).map(|_| {
            let breaker = breaker.clone();
            tokio::spawn(async move {
                breaker
                    .call_async(async { Err::<(), _>(io::Error::other("down")) })
                    .await
            })
        });
        let mut down = 0;
        for call in calls.collect::<Vec<_>>() {
            down += u32::from(call.await.unwrap().unwrap_err().to_string() == "down");
        }
        assert_eq!(down, 1, "one probe in round {round}");
        assert_eq!(breaker.stats().opened, round + 1);
    }
}
