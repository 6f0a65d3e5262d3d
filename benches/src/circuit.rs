//! `#[circuit_breaker]` while it is closed.

use std::{hint::black_box, time::Duration};

use failsafe::{backoff, failure_policy};
use recloser::Recloser;
use resilience::{CircuitBreaker, CircuitBreakerConfig, circuit_breaker};
use tower::{Layer, service_fn};
use tower_resilience_circuitbreaker::CircuitBreakerLayer;

use crate::{
    Contender, Goal, Scenario,
    contender::request,
    subject::{Error, Failed, LONG, answer},
};

#[circuit_breaker(name = "bench::closed")]
fn closed(n: u64) -> Result<u64, Error> {
    answer(n)
}

// Failures leave this window as fast as they come, so that the circuit stays closed while the
// window is used.
#[circuit_breaker(name = "bench::failing", failure_threshold = 1000, failure_window = 5us)]
fn failing(n: u64) -> Result<u64, Error> {
    answer(n)
}

// This window holds a thousand times as many failures.
#[circuit_breaker(name = "bench::failing_wide", failure_threshold = 1_000_000, failure_window = 5ms)]
fn failing_wide(n: u64) -> Result<u64, Error> {
    answer(n)
}

#[circuit_breaker(breaker = breaker)]
pub(crate) fn closed_one(breaker: &CircuitBreaker, n: u64) -> Result<u64, Error> {
    answer(n)
}

/// Each call goes to the next one of `circuits` circuits.
fn in_turn(circuits: usize) -> impl FnMut() -> Result<u64, Error> {
    let breaker = |_| CircuitBreaker::new("bench::one_of_many", CircuitBreakerConfig::new());
    let breakers: Vec<_> = (0..circuits).map(breaker).collect();
    let mut next = 0;
    move || {
        next = if next + 1 < breakers.len() {
            next + 1
        } else {
            0
        };
        closed_one(&breakers[next], black_box(1))
    }
}

#[circuit_breaker(name = "bench::rated", failure_rate = 0.5)]
fn rated(n: u64) -> Result<u64, Error> {
    answer(n)
}

pub(crate) fn closed_call() -> Result<u64, Error> {
    closed(black_box(1))
}

pub(crate) fn failing_call() -> Result<u64, Error> {
    failing(black_box(0))
}

pub(crate) fn rated_call() -> Result<u64, Error> {
    rated(black_box(1))
}

pub(crate) fn closed_recloser() -> impl Fn() -> Result<u64, recloser::Error<Failed>> {
    recloser(never_opening(), 1)
}

pub(crate) fn closed_failsafe() -> impl Fn() -> Result<u64, failsafe::Error<Failed>> {
    failsafe(failsafe_consecutive(u32::MAX), 1)
}

fn never_opening() -> Recloser {
    Recloser::custom().error_rate(2.0).build()
}

/// The window mode of failsafe, as near to our `failure_rate = 0.5` as possible.
fn failsafe_window() -> impl failsafe::CircuitBreaker + Sync + 'static {
    const WINDOW: Duration = CircuitBreakerConfig::new().get_failure_window();
    let policy =
        failure_policy::success_rate_over_time_window(0.5, 20, WINDOW, backoff::constant(LONG));
    failsafe::Config::new().failure_policy(policy).build()
}

pub(crate) fn failsafe_consecutive(
    failures: u32,
) -> impl failsafe::CircuitBreaker + Sync + 'static {
    let policy = failure_policy::consecutive_failures(failures, backoff::constant(LONG));
    failsafe::Config::new().failure_policy(policy).build()
}

/// The body fails if `input` is 0.
pub(crate) fn recloser(
    breaker: Recloser,
    input: u64,
) -> impl Fn() -> Result<u64, recloser::Error<Failed>> {
    move || breaker.call(|| answer::<Failed>(black_box(input)))
}

pub(crate) fn failsafe(
    breaker: impl failsafe::CircuitBreaker,
    input: u64,
) -> impl Fn() -> Result<u64, failsafe::Error<Failed>> {
    move || breaker.call(|| answer::<Failed>(black_box(input)))
}

pub(crate) fn tower(layer: &CircuitBreakerLayer, input: u64) -> Contender {
    let mut service = layer.layer(service_fn(async |n| answer::<Failed>(n)));
    Contender::awaited("tower-resilience", move || {
        request(&mut service, black_box(input))
    })
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let ours = "ours";
    let tower_closed = || {
        CircuitBreakerLayer::builder()
            .consecutive_failures(usize::MAX)
            .build()
            .expect("a configuration")
    };
    let tower_rated = CircuitBreakerLayer::builder()
        .failure_rate_threshold(0.5)
        .minimum_number_of_calls(20)
        .build()
        .expect("a configuration");
    vec![
        Scenario::new(
            "circuit closed, success",
            [
                Contender::sync(ours, closed_call),
                Contender::sync("plain", || answer::<Error>(black_box(1))),
                Contender::sync("recloser", closed_recloser()),
                Contender::sync("failsafe", closed_failsafe()),
                tower(&tower_closed(), 1),
            ],
            [Goal::Of("recloser", 0.35)],
        ),
        Scenario::new(
            "circuit closed, success, 2 threads on one circuit",
            [
                Contender::on_two_threads(ours, closed_call),
                Contender::on_two_threads("recloser", closed_recloser()),
                Contender::on_two_threads("failsafe", closed_failsafe()),
            ],
            [Goal::OfBest(0.15)],
        )
        .on_several_threads(),
        Scenario::new(
            "circuit closed, failure",
            [
                Contender::sync(ours, failing_call),
                Contender::sync("recloser", recloser(never_opening(), 0)),
                Contender::sync("failsafe", failsafe(failsafe_consecutive(u32::MAX), 0)),
                tower(&tower_closed(), 0),
            ],
            [Goal::Of("recloser", 1.2)],
        ),
        Scenario::new(
            "circuit closed, failure, 1,000 times the window",
            [
                Contender::sync(ours, || failing_wide(black_box(0))),
                Contender::sync("the window above", failing_call),
            ],
            [Goal::Of("the window above", 1.5)],
        ),
        Scenario::new(
            "circuit closed, success, 1,000 circuits in turn",
            [
                Contender::sync(ours, in_turn(1_000)),
                Contender::sync("one circuit", in_turn(1)),
            ],
            [Goal::Of("one circuit", 2.0)],
        ),
        Scenario::new(
            "failure-rate mode, success",
            [
                Contender::sync(ours, rated_call),
                Contender::sync("failsafe", failsafe(failsafe_window(), 1)),
                tower(&tower_rated, 1),
            ],
            [Goal::Of("failsafe", 0.35)],
        ),
        Scenario::new(
            "failure-rate mode, success, 2 threads on one circuit",
            [
                Contender::on_two_threads(ours, rated_call),
                Contender::on_two_threads("failsafe", failsafe(failsafe_window(), 1)),
            ],
            [Goal::Of("failsafe", 0.35)],
        )
        .on_several_threads(),
    ]
}
