//! Bodies that consume their arguments, under `clone(…)`.

mod async_trait;
mod clones;
mod futures;
mod receivers;
mod sync;
mod unique_references;

use std::future::Future;
use std::io::Cursor;
use std::pin::Pin;
use std::sync::Arc;

use resilience::{circuit_breaker, retry, timeout};

use crate::flaky::{Error, Flaky};

/// This type is not `Copy`, and is known by its address.
#[derive(Clone, Debug, PartialEq)]
struct Request {
    text: String,
}

fn request() -> Request {
    Request {
        text: "text".to_owned(),
    }
}

fn take<T>(flaky: &Flaky, argument: T) -> Result<T, Error> {
    flaky.call()?;
    Ok(argument)
}

async fn take_async<T>(flaky: &Flaky, argument: T) -> Result<T, Error> {
    flaky.call_async().await?;
    Ok(argument)
}
