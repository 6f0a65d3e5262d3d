//! The interface through which an operation reads the configurations of all policies.

use super::described_settings::DescribedSettings;
#[cfg(feature = "config")]
use super::{slot::Slot, times::LayerTimes};
#[cfg(feature = "config")]
use crate::{
    file::{Contradiction, SectionSpec, SectionValues},
    settings::LayerOptions,
};
#[cfg(feature = "config")]
use std::fmt::Debug;

/// A configuration that can say its settings. Each policy implements it for its own.
pub trait Described: Sync {
    /// The name of the attribute.
    fn policy(&self) -> &'static str;

    /// Adds the settings, in the order of the option table.
    fn describe(&self, settings: &mut DescribedSettings<'_>);

    /// The section of the policy in the configuration file. A policy without one has no values
    /// there.
    #[cfg(feature = "config")]
    fn section(&self) -> Option<&'static SectionSpec> {
        None
    }

    /// True for a key that belongs to a thing that several functions share by its name. It stands
    /// in the section of that name, and the thing takes the value itself. All other keys stand in
    /// the section of the operation.
    #[cfg(feature = "config")]
    fn is_shared(&self, key: &str) -> bool {
        let _ = key;
        false
    }

    /// Returns the configuration with the values of its section. Those of a shared thing are among
    /// them for the description alone.
    ///
    /// # Errors
    /// The values that contradict each other, or those of the function.
    #[cfg(feature = "config")]
    fn in_file(
        &self,
        options: LayerOptions,
        operation: &'static str,
        values: &SectionValues,
    ) -> Result<Option<Box<dyn Configured>>, Vec<Contradiction>> {
        let _ = (options, operation, values);
        Ok(None)
    }

    /// Returns the configuration as a call reads it. No call reads that of a policy without one.
    #[cfg(feature = "config")]
    fn slot(&'static self) -> Slot {
        Slot::EMPTY
    }

    /// Returns the budget that the layer draws on. Two layers that draw on one budget return the
    /// same text.
    #[cfg(feature = "config")]
    fn budget(&self) -> Option<String> {
        None
    }

    /// Returns the times that can contradict those of other layers of the function, as far as they
    /// are constants. The configuration has the values of the section already.
    #[cfg(feature = "config")]
    fn times(&self, options: LayerOptions, values: &SectionValues) -> LayerTimes {
        let _ = (options, values);
        LayerTimes::default()
    }
}

/// A configuration with the values of the file.
#[cfg(feature = "config")]
pub trait Configured: Debug + Send + Sync {
    /// The configuration as its own type.
    fn as_any(&self) -> &dyn std::any::Any;

    /// The values of the file on the constant part of the configuration.
    fn constant(&self) -> &dyn Described;

    /// The same as a call reads it.
    fn slot(&'static self) -> Slot {
        Slot::EMPTY
    }

    /// The same with the settings that a layer has while the file takes it away.
    fn settings(&self) -> &dyn Described {
        self.constant()
    }
}
