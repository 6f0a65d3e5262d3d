//! The layer of `#[fallback]`.

#[cfg(not(feature = "config"))]
use crate::operation::InForce;

/// The layer of `#[fallback]`. It has no settings.
#[derive(Debug)]
pub struct Fallback;

#[cfg(not(feature = "config"))]
impl Fallback {
    /// True if the configuration file takes the layer away. There is no file.
    pub fn is_disabled(_: InForce, _: usize) -> bool {
        false
    }
}
