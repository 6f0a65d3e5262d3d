//! The promises of `RELIABILITY.md`, one module for each way to look for the opposite.

// Virtual time never runs backwards here, and a model that panics where it does is a better model.
#![allow(clippy::unchecked_time_subtraction)]

mod alone;
mod bulkhead;
mod cancellation;
mod clock;
mod events;
#[path = "../fault.rs"]
mod fault;
mod herd;
mod keys;
mod model;
mod panics;
mod pool;
mod rate_limit;
mod registry_bounds;
mod schedules;
mod seven;
mod storm;
mod time;

use proptest::test_runner::Config;

/// The number of cases in which a property test looks for a counterexample; `PROPTEST_CASES=100000`
/// looks longer.
fn search(cases: u32) -> Config {
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        config
    } else {
        Config { cases, ..config }
    }
}
