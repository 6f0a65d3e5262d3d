//! Headers that services use to tell each other about retries: feature `http`.
//!
//! The types are those of the [`http`](https://docs.rs/http/1) crate 1.x, which hyper, axum, reqwest
//! and tonic use, too.

mod grpc_pushback;
mod retry_after;

pub use grpc_pushback::grpc_pushback;
pub use retry_after::retry_after;
