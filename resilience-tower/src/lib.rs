//! The circuit breaker, the retry with its budget, and the bulkhead of [`resilience`] as
//! [`tower::Layer`](tower_layer::Layer)s over any [`Service`](tower_service::Service).
//!
//! An annotated function is the simpler form. The layers are for programs that have no function to
//! annotate: a gateway, a proxy, a client whose calls are values.
//!
//! ```
//! use std::time::Duration;
//!
//! use http::{Method, Request, Response, StatusCode};
//! use resilience::{
//!     Bulkhead, BulkheadConfig, CircuitBreakerConfig, RetryBudget, RetryConfig,
//!     http::retry_after, is_refusal, registry,
//! };
//! use resilience_tower::{BulkheadLayer, CircuitBreakerLayer, RetryLayer};
//! use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
//!
//! static BUDGET: RetryBudget = RetryBudget::new().name("search").ratio(0.2);
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), BoxError> {
//! let config = CircuitBreakerConfig::new().failure_threshold(5);
//! let circuit = registry::get_or_register("search", config);
//! let bulkhead = Bulkhead::new("search", BulkheadConfig::new(100));
//! let retry = RetryConfig::new().base_delay(Duration::from_millis(50)).budget(&BUDGET);
//!
//! let mut search = ServiceBuilder::new()
//!     .layer(
//!         RetryLayer::new("search", retry)
//!             .repeat_if(|request: &Request<String>| request.method() == Method::GET)
//!             .failure_if_ok(|response: &Response<String>| response.status().is_server_error())
//!             .delay_hint(|response: &Response<String>| {
//!                 retry_after(response.status(), response.headers())
//!             }),
//!     )
//!     .layer(
//!         CircuitBreakerLayer::new(circuit.clone())
//!             .failure_if_ok(|response: &Response<String>| response.status().is_server_error()),
//!     )
//!     .layer(BulkheadLayer::new(bulkhead))
//!     .service_fn(backend());
//!
//! let request = Request::get("/search").body(String::new())?;
//! let response = search.ready().await?.call(request.clone()).await?;
//! assert_eq!(response.status(), StatusCode::OK, "the second attempt");
//! assert_eq!((circuit.stats().failures, circuit.stats().successes), (1, 1));
//!
//! circuit.isolate();
//! let error = search.ready().await?.call(request).await.unwrap_err();
//! assert!(is_refusal(&*error));
//! # Ok(())
//! # }
//! #
//! # fn backend() -> impl FnMut(Request<String>) -> std::future::Ready<Result<Response<String>, BoxError>> + Clone + Send {
//! #     let calls = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
//! #     move |_| {
//! #         let is_first = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
//! #         let status = if is_first { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
//! #         let response = Response::builder().status(status).body(String::new());
//! #         std::future::ready(response.map_err(Into::into))
//! #     }
//! # }
//! ```
//!
//! The first layer is the outermost, as with the attributes: here every attempt passes the circuit,
//! and every call that the circuit admits takes a slot of the bulkhead.
//!
//! # Readiness
//!
//! A tower service may be called only after its `poll_ready` said so, and an error of `poll_ready`
//! says that the service is of no use any more. Therefore no layer of this crate fails in
//! `poll_ready`: a refusal is the error of the next call. The errors of the inner `poll_ready` pass
//! through, and they count for nothing, because no call was made.
//!
//! | layer | in `poll_ready` | in `call` |
//! |---|---|---|
//! | [`CircuitBreakerLayer`] | asks the inner service, unless the circuit is open: callers of an open circuit do not wait for a service that is overloaded | takes the permit, or refuses |
//! | [`BulkheadLayer`] | reserves a slot and waits for one for at most [`max_wait`](resilience::BulkheadConfig::max_wait), then asks the inner service | uses the reserved slot, or refuses |
//! | [`RetryLayer`] | asks the inner service | makes the first attempt; each later attempt waits in its own clone of the service until that is ready |
//!
//! - A clone of a service shares the circuit, the bulkhead and the budget, but no reservation: it
//!   has to be asked for its readiness itself.
//! - A reservation is for one call. It ends when the service is dropped. A service that is ready
//!   and kept without a call keeps its slot of the bulkhead; tower's `ConcurrencyLimit` does the
//!   same.
//! - **Back-pressure** comes from the bulkhead alone. With `max_wait` its `poll_ready` is pending
//!   while the bulkhead is full, and a caller that asks before it takes the next request off its
//!   queue slows down. With the default of zero the bulkhead sheds the load: the service is ready
//!   at once, and the call is refused. With [`Duration::MAX`](std::time::Duration::MAX) it never
//!   refuses.
//! - A call that is dropped gives its permit and its slot back. The circuit counts it as
//!   `abandoned`.
//! - If a [fleet](resilience::fleet) coordinates the circuit and it is half-open, `poll_ready` asks
//!   the others when the inner service is ready, and is pending for at most 50 ms. It reserves the
//!   permit of the probe. No thread is blocked. A service that was ready before its circuit opened,
//!   and is called when the circuit is half-open, refuses the call.
//!
//! # Errors
//!
//! The error of each service is [`BoxError`], as in tower itself. An error of the inner service
//! stays the same box, or is put into one. Our refusals, [`CircuitOpen`](resilience::CircuitOpen)
//! and [`BulkheadFull`](resilience::BulkheadFull), are found by
//! [`is_refusal`](resilience::is_refusal) and by `downcast_ref`.
//!
//! # Bodies
//!
//! A call ends with the response. The body of an HTTP response that is still streaming holds no
//! slot and no permit, and an error in it counts for nothing.

mod bulkhead;
mod bulkhead_future;
mod circuit_breaker;
mod circuit_breaker_future;
mod error;
mod retry;
mod retry_attempts;
mod verdict;

pub use self::{
    bulkhead::{BulkheadLayer, BulkheadService},
    bulkhead_future::BulkheadResponseFuture,
    circuit_breaker::{CircuitBreakerLayer, CircuitBreakerService},
    circuit_breaker_future::CircuitBreakerResponseFuture,
    error::BoxError,
    retry::{RetryLayer, RetryResponseFuture, RetryService},
};
