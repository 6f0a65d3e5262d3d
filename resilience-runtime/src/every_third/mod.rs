//! The runtime of the policy for a test, which refuses every third call.

mod config;
mod counter;
mod error;

pub use config::EveryThirdConfig;
pub use error::ThirdCall;

/// The names that the expansion of `#[every_third]` uses.
pub(crate) mod expansion {
    pub use super::{
        config::EveryThirdConfig,
        counter::EveryThird,
        error::{FromThirdCall, ThirdCall},
    };
}
