//! `#[timeout]` by itself.

use std::{hint::black_box, sync::mpsc, thread, time::Duration};

use resilience::{is_abandoned, timeout, with_deadline};
use tokio::time::Instant;
use tower::{Layer, service_fn};
use tower_resilience_timelimiter::TimeLimiterLayer;

use crate::{
    Contender, Goal, Scenario,
    contender::request,
    subject::{Error, Failed, LONG, answer, answer_after, answer_later},
};

#[timeout(LONG)]
async fn ready(n: u64) -> Result<u64, Error> {
    answer(n)
}

#[timeout(LONG)]
async fn later(n: u64) -> Result<u64, Error> {
    answer_later(n).await
}

#[timeout(LONG)]
async fn often(n: u64) -> Result<u64, Error> {
    answer_after(POLLS, n).await
}

const POLLS: u32 = 1_000;

#[timeout(LONG)]
fn on_a_worker(n: u64) -> Result<u64, Error> {
    answer(n)
}

const SHORT: Duration = Duration::from_millis(5);

/// This body never answers in time, and ends soon after its caller has left.
#[timeout(SHORT)]
fn never(n: u64) -> Result<u64, Error> {
    while !is_abandoned() {
        thread::sleep(SHORT);
    }
    answer(n)
}

/// Waits for a message that never comes.
fn no_message() -> bool {
    let (_sender, receiver) = mpsc::channel::<()>();
    receiver.recv_timeout(SHORT).is_err()
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let ours = "ours";
    let at = Instant::now() + LONG * 2;
    let layer = TimeLimiterLayer::builder().timeout_duration(LONG).build();
    let mut tower_ready = layer.layer(service_fn(async |n| answer::<Failed>(n)));
    let mut tower_later = layer.layer(service_fn(answer_later::<Failed>));
    vec![
        Scenario::new(
            "timeout, ready body",
            [
                Contender::awaited(ours, || ready(black_box(1))),
                Contender::awaited("plain", || async { answer::<Error>(black_box(1)) }),
                Contender::awaited("tokio", || {
                    tokio::time::timeout(LONG, async { answer::<Failed>(black_box(1)) })
                }),
                Contender::awaited("tower-resilience", move || {
                    request(&mut tower_ready, black_box(1))
                }),
            ],
            [Goal::Of("tokio", 0.65)],
        ),
        Scenario::new(
            "timeout, body that waits",
            [
                Contender::polled(ours, || later(black_box(1))),
                Contender::polled("plain", || answer_later::<Error>(black_box(1))),
                Contender::polled("tokio", || {
                    tokio::time::timeout(LONG, answer_later::<Failed>(black_box(1)))
                }),
                Contender::polled("tower-resilience", move || {
                    request(&mut tower_later, black_box(1))
                }),
            ],
            [Goal::Of("tokio", 0.7)],
        ),
        Scenario::new(
            "timeout, 1,000 polls",
            [
                Contender::polled(ours, || often(black_box(1))),
                Contender::polled("plain", || answer_after::<Error>(POLLS, black_box(1))),
                Contender::polled("tokio", || {
                    tokio::time::timeout(LONG, answer_after::<Failed>(POLLS, black_box(1)))
                }),
            ],
            [Goal::Of("tokio", 1.05)],
        ),
        Scenario::new(
            "timeout under a deadline, ready body",
            [
                Contender::awaited(ours, move || with_deadline(at, ready(black_box(1)))),
                Contender::awaited("without the deadline", || ready(black_box(1))),
            ],
            [],
        ),
        Scenario::new(
            "deadline, 1,000 polls",
            [
                Contender::polled(ours, move || {
                    with_deadline(at, answer_after::<Error>(POLLS, black_box(1)))
                }),
                Contender::polled("plain", || answer_after::<Error>(POLLS, black_box(1))),
            ],
            [],
        ),
        Scenario::new(
            "sync timeout, worker idle",
            [
                Contender::sync(ours, || on_a_worker(black_box(1))),
                Contender::sync("thread::spawn", || {
                    thread::spawn(|| answer::<Failed>(black_box(1)))
                        .join()
                        .expect("it does not panic")
                }),
            ],
            [Goal::Of("thread::spawn", 0.5)],
        ),
        Scenario::new(
            "sync timeout, both cores busy",
            [
                Contender::on_busy_cores(ours, || never(black_box(1))),
                Contender::on_busy_cores("recv_timeout", no_message),
            ],
            [Goal::Of("recv_timeout", 1.2)],
        )
        .on_several_threads(),
    ]
}
