//! The runtime of the policy for a test, which refuses every third call.

mod config;
mod counter;
mod error;

pub use config::EveryThirdConfig;
pub use counter::EveryThird;
pub use error::{FromThirdCall, ThirdCall};
