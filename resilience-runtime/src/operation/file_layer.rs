//! The configuration of a layer with the values of the configuration file, as the expansion asks for
//! it.
//!
//! Without the feature `config` there are no values. The functions are there all the same, because
//! cargo builds a procedural macro once, and the runtime apart for build scripts and other macros: the
//! expansion may ask a runtime without the feature.

#[cfg(feature = "config")]
use std::any::Any;

#[cfg(feature = "config")]
use super::file_values::FileValues;

/// The values of the file for one function. There are none.
#[cfg(not(feature = "config"))]
#[derive(Debug)]
pub enum FileValues {}

#[cfg(not(feature = "config"))]
impl FileValues {
    pub(crate) fn deposits(&self, _: usize, _: bool) -> bool {
        match *self {}
    }
}

/// A configuration of which the file may set values.
pub trait FileLayer: Sized + 'static {
    /// The values of the file for one layer.
    #[cfg(feature = "config")]
    type InFile: Any;

    /// Returns the constant part of the configuration with the values of the file.
    #[cfg(feature = "config")]
    fn constant_part(in_file: &Self::InFile) -> &Self;

    /// Sets the values of the file in a configuration that a call computes.
    #[cfg(feature = "config")]
    #[must_use]
    fn with(self, in_file: &Self::InFile) -> Self;

    /// The configuration of the layer at that position, with the values of the file.
    #[inline]
    fn in_file(&'static self, file: Option<&'static FileValues>, layer: usize) -> &'static Self {
        match file {
            None => self,
            Some(values) => with_values(self, values, layer),
        }
    }

    /// Does the same for a configuration that each call computes.
    #[inline]
    #[must_use]
    fn computed_in_file(self, file: Option<&'static FileValues>, layer: usize) -> Self {
        match file {
            None => self,
            Some(values) => computed_with_values(self, values, layer),
        }
    }
}

#[cfg(not(feature = "config"))]
impl<C: 'static> FileLayer for C {}

#[cfg(feature = "config")]
#[inline(never)]
fn with_values<C: FileLayer>(
    config: &'static C,
    values: &'static FileValues,
    layer: usize,
) -> &'static C {
    values.layer(layer).map_or(config, C::constant_part)
}

#[cfg(feature = "config")]
#[inline(never)]
fn computed_with_values<C: FileLayer>(config: C, values: &FileValues, layer: usize) -> C {
    match values.layer(layer) {
        None => config,
        Some(in_file) => config.with(in_file),
    }
}

#[cfg(not(feature = "config"))]
fn with_values<C>(_: &'static C, values: &'static FileValues, _: usize) -> &'static C {
    match *values {}
}

#[cfg(not(feature = "config"))]
fn computed_with_values<C>(_: C, values: &FileValues, _: usize) -> C {
    match *values {}
}

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
