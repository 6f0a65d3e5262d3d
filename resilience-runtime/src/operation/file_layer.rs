//! The configuration of a layer with the values of the configuration file, as the expansion asks
//! for it.
//!
//! Without the feature `config` there are no values. The functions are there all the same, because
//! cargo builds a procedural macro once, and the runtime apart for build scripts and other macros:
//! the expansion may ask a runtime without the feature.

#[cfg(feature = "config")]
use std::any::Any;

#[cfg(feature = "config")]
use super::{InForce, slot::InSlot};

/// The values of the file for one function. There are none.
#[cfg(not(feature = "config"))]
#[derive(Clone, Copy, Debug)]
pub struct InForce;

#[cfg(not(feature = "config"))]
#[expect(clippy::unused_self, reason = "the feature `config` has a file")]
impl InForce {
    pub(crate) fn deposits(self, _: usize, otherwise: bool) -> bool {
        otherwise
    }
}

/// A configuration of which the file may set values.
#[cfg(feature = "config")]
pub trait FileLayer: InSlot + Sized {
    /// The values of the file for one layer.
    type InFile: Any;

    /// Sets the values of the file in a configuration that a call computes.
    #[must_use]
    fn with(self, in_file: &Self::InFile) -> Self;

    /// The constant configuration of the layer at that position, with the values of the file.
    #[inline]
    fn in_file(&'static self, file: InForce, layer: usize) -> &'static Self {
        file.config_or(self, layer)
    }

    /// Sets the values of the file in a configuration that each call computes.
    #[inline]
    #[must_use]
    fn computed_in_file(self, file: InForce, layer: usize) -> Self {
        match file.layer(layer) {
            None => self,
            Some(in_file) => self.with(in_file),
        }
    }
}

/// A configuration of which the file may set values. There is no file.
#[cfg(not(feature = "config"))]
pub trait FileLayer: Sized + 'static {
    /// The constant configuration of the layer at that position, with the values of the file.
    #[inline]
    fn in_file(&'static self, _: InForce, _: usize) -> &'static Self {
        self
    }

    /// Sets the values of the file in a configuration that each call computes.
    #[inline]
    #[must_use]
    fn computed_in_file(self, _: InForce, _: usize) -> Self {
        self
    }
}

#[cfg(not(feature = "config"))]
impl<C: 'static> FileLayer for C {}

#[cfg(all(test, not(feature = "config")))]
mod tests {
    use super::*;
    use crate::{RetryConfig, operation::Operation};

    static FETCH: Operation = Operation::new("file_layer::fetch");
    const CONFIG: RetryConfig = RetryConfig::new().max_retries(7);

    #[test]
    fn an_expansion_that_asks_for_the_file_works_with_a_runtime_without_the_feature() {
        let file = FETCH.enter();
        assert_eq!(CONFIG.in_file(file, 0).get_max_retries(), 7);
        assert_eq!(CONFIG.computed_in_file(file, 0).get_max_retries(), 7);
    }
}
