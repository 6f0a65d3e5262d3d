//! Every option of every attribute, in functions that run.
//!
//! A test of the macro crate compares this folder with the option table, so a new option cannot be
//! forgotten here. Each toolchain that builds it may warn of nothing.

#![deny(warnings)]

mod bulkheads;
mod circuits;
#[cfg(feature = "config")]
mod configured;
mod fallbacks;
#[cfg(feature = "http")]
mod headers;
mod hedges;
#[cfg(feature = "tower")]
mod layers;
mod rate_limits;
mod retries;
mod service;
#[cfg(feature = "serde")]
mod snapshot;
mod stack;
mod timeouts;

mod facade {
    pub use resilience;
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    retries::run().await;
    circuits::run().await;
    timeouts::run().await;
    fallbacks::run().await;
    bulkheads::run().await;
    rate_limits::run().await;
    hedges::run().await;
    #[cfg(feature = "metrics")]
    drop(resilience::metrics::export_every(
        std::time::Duration::from_secs(1),
    ));
    #[cfg(feature = "dashboard")]
    drop(resilience_dashboard::router(
        resilience_dashboard::Access::read_only(),
    ));
    #[cfg(feature = "http")]
    headers::run().await;
    #[cfg(feature = "tower")]
    layers::run().await;
    #[cfg(feature = "test-util")]
    stack::injected().await;
    stack::run().await;
    #[cfg(feature = "config")]
    configured::run();
    #[cfg(feature = "serde")]
    snapshot::run();
    println!("every attribute works");
}
