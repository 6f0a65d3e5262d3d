//! `changed()` and `wait_for()` in tasks.

use std::time::Duration;

use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitState};
use tokio::{
    task::JoinSet,
    time::{Instant, advance, timeout},
};

const OPEN_TIME: Duration = Duration::from_secs(30);
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .success_threshold(1)
    .recovery_timeout(OPEN_TIME);

#[tokio::test(start_paused = true)]
async fn a_task_follows_every_change() {
    let breaker = CircuitBreaker::new("waiting::follows", CONFIG);
    let mut changed = breaker.changed();
    breaker.acquire().unwrap().failure();
    assert_eq!(changed.await, CircuitState::Open);
    changed = breaker.changed();
    advance(OPEN_TIME).await;
    let probe = breaker.acquire().unwrap();
    assert_eq!(changed.await, CircuitState::HalfOpen);
    changed = breaker.changed();
    probe.success();
    assert_eq!(changed.await, CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_change_before_the_call_does_not_complete_it() {
    let breaker = CircuitBreaker::new("waiting::before", CONFIG);
    breaker.trip();
    let changed = timeout(OPEN_TIME * 10, breaker.changed());
    assert!(changed.await.is_err(), "time alone is no transition");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_tasks_wait_for_the_half_open_circuit() {
    let breaker = CircuitBreaker::new("waiting::thousand", CONFIG);
    breaker.trip();
    let start = Instant::now();
    let mut tasks: JoinSet<_> = (0..1_000)
        .map(|_| breaker.wait_for(CircuitState::HalfOpen))
        .collect();
    // Some of them give up before.
    let mut short: JoinSet<_> = (0..100)
        .map(|_| timeout(OPEN_TIME / 2, breaker.wait_for(CircuitState::HalfOpen)))
        .collect();
    while let Some(waited) = short.join_next().await {
        assert!(waited.unwrap().is_err());
    }
    while let Some(state) = tasks.join_next().await {
        assert_eq!(state.unwrap(), CircuitState::HalfOpen);
    }
    assert_eq!(start.elapsed(), OPEN_TIME);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_wake_up_is_lost_between_threads() {
    const ROUNDS: usize = 200;
    let breaker = CircuitBreaker::new("waiting::threads", CONFIG);
    let waits: JoinSet<_> = (0..4)
        .map(|_| {
            let breaker = breaker.clone();
            async move {
                for _ in 0..ROUNDS {
                    // It never blocks for ever: the other tasks trip and reset all the time, and
                    // the last one of them leaves the circuit open.
                    breaker.wait_for(CircuitState::Open).await;
                }
            }
        })
        .collect();
    let moves: JoinSet<_> = (0..2)
        .map(|_| {
            let breaker = breaker.clone();
            async move {
                for _ in 0..ROUNDS {
                    breaker.reset();
                    tokio::task::yield_now().await;
                    breaker.trip();
                }
            }
        })
        .collect();
    let minute = Duration::from_secs(60);
    for tasks in [moves, waits] {
        timeout(minute, tasks.join_all())
            .await
            .expect("no wake-up is lost");
    }
}
