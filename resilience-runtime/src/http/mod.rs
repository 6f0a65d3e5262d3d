//! Headers that services use to tell each other about retries and deadlines: feature `http`.
//!
//! The types are those of the [`http`](https://docs.rs/http/1) crate 1.x, which hyper, axum,
//! reqwest and tonic use, too.

mod deadline;
mod grpc_pushback;
mod retry_after;

pub use deadline::{deadline_from, insert_deadline};
pub use grpc_pushback::grpc_pushback;
pub use retry_after::retry_after;
