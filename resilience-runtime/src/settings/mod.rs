//! The settings of all policies: the error of a wrong one, the place that a value comes from, and
//! the options that an attribute names.

mod config_error;
mod layer_options;
mod source;

pub use config_error::ConfigError;
pub(crate) use config_error::{Rule, rule};
pub(crate) use layer_options::LayerOptions;
pub use source::Source;
