//! The attributes speak to `tracing` in structured events under the target `resilience`.

mod attempt_spans;
mod budget;
mod capture;
mod circuit;
mod fallback;
mod hedge;
mod registry;
mod retry;
mod runbook;
mod spans;
mod timeout;
