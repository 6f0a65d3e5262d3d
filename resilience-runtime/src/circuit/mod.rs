//! The circuit breaker: pure state machine inside, a lock-free gate in front of it, a cheap handle outside.
//!
//! `machine`, `window` and `probes` decide and know no clock; `shared` drives them: it reads the clock, holds the lock,
//! publishes the decision to `gate` and `due`, and tells the log and the listeners once the lock is released. What the two
//! let pass without the lock is counted in a `lane`.

mod active_config;
mod breaker;
mod config;
mod declaration;
mod due;
mod error;
mod gate;
mod lane;
mod listener;
pub(crate) mod log;
#[cfg(all(test, loom))]
mod loom_models;
mod machine;
mod name;
mod pass;
mod permit;
mod probes;
mod settings;
mod shared;
mod stats;
mod transition;
mod verdict;
mod watch;
mod window;

#[cfg(test)]
pub(crate) use self::log::capture;
pub(crate) use self::name::Name;
pub use self::{
    breaker::CircuitBreaker,
    config::CircuitBreakerConfig,
    error::CircuitOpen,
    permit::{CallPermit, OwnedPermit, Permit},
    settings::CircuitBreakerSettings,
    stats::CircuitBreakerStats,
    transition::{CircuitState, Transition, TransitionReason},
    verdict::{Verdict, record},
    watch::{CircuitCall, Recorded, Watch},
};
