//! The configuration of a policy with the values of its section: as calls have it, and as it is
//! described.

use std::{any::Any, fmt::Debug};

use super::{
    described::{Configured, Described},
    slot::Slot,
};
use crate::file::SectionValues;

/// The values of a section that change a configuration.
pub trait FileSettings<C>: Debug + Send + Sync + 'static {
    /// Sets the values, whether the policy is enabled or not.
    fn set_on(&self, config: C) -> C;

    /// Takes the policy away.
    fn disable(config: C) -> C;
}

/// The constant part of a configuration with the values of its section.
#[derive(Debug)]
pub struct ConfigInFile<C, S> {
    settings: S,
    is_enabled: bool,
    /// The configuration as it is described: with its settings even if it is not enabled.
    described: C,
    /// The configuration as calls have it.
    config: C,
}

impl<C: Copy, S: FileSettings<C>> ConfigInFile<C, S> {
    pub(crate) fn new(config: C, settings: S, section: &SectionValues) -> Self {
        let mut in_file = Self {
            is_enabled: section.flag("enabled").unwrap_or(true),
            described: settings.set_on(config),
            settings,
            config,
        };
        in_file.config = in_file.apply_to(config);
        in_file
    }

    /// The same for another configuration, which a call computes.
    pub(crate) fn apply_to(&self, config: C) -> C {
        let config = self.settings.set_on(config);
        if self.is_enabled {
            config
        } else {
            S::disable(config)
        }
    }
}

impl<C, S> Configured for ConfigInFile<C, S>
where
    C: Described + Debug + Send + 'static,
    S: FileSettings<C>,
{
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn constant(&self) -> &dyn Described {
        &self.config
    }

    fn slot(&'static self) -> Slot {
        self.config.slot()
    }

    fn settings(&self) -> &dyn Described {
        &self.described
    }
}
