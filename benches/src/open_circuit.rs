//! `#[circuit_breaker]` while it is open or half-open.

use std::{hint::black_box, thread, time::Duration};

use failsafe::CircuitBreaker as _;
use recloser::Recloser;
use resilience::{CircuitBreaker, CircuitBreakerConfig, circuit_breaker, registry};
use tower_resilience_circuitbreaker::CircuitBreakerLayer;

use crate::{
    Contender, Goal, Scenario,
    circuit::{closed_one, failsafe, failsafe_consecutive, recloser, tower},
    subject::{Error, Failed, LONG, answer},
};

#[circuit_breaker(name = "bench::open", recovery_timeout = LONG)]
fn open(n: u64) -> Result<u64, Error> {
    answer(n)
}

pub(crate) fn refused() -> Result<u64, Error> {
    open(black_box(1))
}

/// The text of a computed name is not known before the program runs.
pub(crate) fn refused_by_a_computed_name() -> impl Fn() -> Result<u64, Error> {
    let name = "bench::open_computed".to_owned();
    let breaker = CircuitBreaker::new(name, CircuitBreakerConfig::new().recovery_timeout(LONG));
    breaker.trip();
    move || closed_one(&breaker, black_box(1))
}

/// A probe that ends without an outcome, beside those that hold half of the slots.
fn probe_among(slots: u32) -> impl FnMut() {
    const RECOVERY: Duration = Duration::from_millis(1);
    let config = CircuitBreakerConfig::new().half_open_max_calls(slots);
    let config = config.recovery_timeout(RECOVERY);
    let breaker = CircuitBreaker::new("bench::half_open", config);
    breaker.trip();
    thread::sleep(2 * RECOVERY);
    let held: Vec<_> = (0..slots / 2)
        .map(|_| breaker.acquire_owned().expect("a slot is free"))
        .collect();
    move || {
        let _held = &held;
        drop(black_box(breaker.acquire().expect("a slot is free")));
    }
}

pub(crate) fn open_it() {
    let _ = open(1);
    assert!(registry::trip("bench::open"), "it was called once");
}

fn opened_recloser() -> Recloser {
    let breaker = Recloser::custom().closed_len(1).open_wait(LONG).build();
    while !matches!(
        breaker.call(|| answer::<Failed>(0)),
        Err(recloser::Error::Rejected)
    ) {}
    breaker
}

fn opened_failsafe() -> impl failsafe::CircuitBreaker + Sync + 'static {
    let breaker = failsafe_consecutive(1);
    while !matches!(
        breaker.call(|| answer::<Failed>(0)),
        Err(failsafe::Error::Rejected)
    ) {}
    breaker
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let ours = "ours";
    open_it();
    let tower_open = CircuitBreakerLayer::builder()
        .consecutive_failures(1)
        .wait_duration_in_open(LONG)
        .build()
        .expect("a configuration");
    vec![
        Scenario::new(
            "circuit open, refused",
            [
                Contender::sync(ours, refused),
                Contender::sync("recloser", recloser(opened_recloser(), 1)),
                Contender::sync("failsafe", failsafe(opened_failsafe(), 1)),
                tower(&tower_open, 0),
            ],
            [Goal::OfBest(0.25)],
        ),
        Scenario::new(
            "circuit open, refused, 2 threads on one circuit",
            [
                Contender::on_two_threads(ours, refused),
                Contender::on_two_threads("recloser", recloser(opened_recloser(), 1)),
                Contender::on_two_threads("failsafe", failsafe(opened_failsafe(), 1)),
            ],
            [Goal::OfBest(0.25)],
        )
        .on_several_threads(),
        Scenario::new(
            "circuit open, refused, computed name, 2 threads on one circuit",
            [
                Contender::on_two_threads(ours, refused_by_a_computed_name()),
                Contender::on_two_threads("recloser", recloser(opened_recloser(), 1)),
                Contender::on_two_threads("failsafe", failsafe(opened_failsafe(), 1)),
            ],
            [Goal::OfBest(0.25)],
        )
        .on_several_threads(),
        Scenario::new(
            "circuit half-open, 50,000 slots, a probe",
            [
                Contender::sync(ours, probe_among(50_000)),
                Contender::sync("100 slots", probe_among(100)),
            ],
            [Goal::Of("100 slots", 2.0)],
        ),
    ]
}
