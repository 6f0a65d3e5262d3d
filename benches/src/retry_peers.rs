//! The peers of a retry, around a body.

use std::{hint::black_box, time::Duration};

use tokio_retry2::{RetryError, strategy::FixedInterval};
use tower::{Layer, service_fn};
use tower_resilience_retry::RetryLayer;

use crate::{
    Contender,
    contender::{Place, request},
    subject::{Failed, answer},
};

pub(crate) fn three_retries() -> impl Iterator<Item = Duration> {
    FixedInterval::from_millis(1000).take(3)
}

pub(crate) fn transient(n: u64) -> Result<u64, RetryError<Failed>> {
    answer(n).map_err(RetryError::<Failed>::transient)
}

pub(crate) fn tower<const NUMBER: usize>(
    retries: &RetryLayer<u64, u64, Failed>,
    input: impl Fn() -> u64 + Clone + Send + 'static,
) -> Contender {
    let service = service_fn(move |_| {
        let input = input.clone();
        async move { answer::<Failed>(input()) }
    });
    let mut service = retries.layer(service);
    Place::<NUMBER>::awaited("tower-resilience", move || {
        request(&mut service, black_box(1))
    })
}
