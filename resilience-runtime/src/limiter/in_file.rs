//! The values of the configuration file for one limiter, and for one function that uses it.
//!
//! `max_wait` belongs to the function, so it stands in the section of the operation. All other keys
//! belong to the limiter, and stand in the section of its name.

use std::{any::Any, fmt::Debug, time::Duration};

use super::{config::LimiterConfig, present::Present};
use crate::{
    by_name::Modes,
    file::{ConfigFault, Contradiction, Current, SectionValues, Values},
    operation::{self, Computed, Described, LayerTimes, Slot},
    settings::LayerOptions,
};

const MAX_WAIT: &str = "max_wait";

/// True for a key that belongs to the limiter and not to the function.
pub(super) fn is_shared(key: &str) -> bool {
    key != MAX_WAIT
}

/// A limiter with the values of a file.
pub(super) struct Resolved<C> {
    pub(super) present: Present<C>,
    pub(super) faults: Vec<ConfigFault>,
    /// The settings of the file that each call computes.
    pub(super) computed: Vec<Computed>,
}

impl<C: LimiterConfig> Resolved<C> {
    /// Applies the values to a limiter. One that contradicts them keeps its own.
    pub(super) fn new(name: &str, declared: &C, options: LayerOptions, values: &Values) -> Self {
        let mut section = shared_section::<C>(name, values);
        let entries = section.entries.iter();
        let computed = entries.filter(|entry| options.computes(entry.key));
        let computed = computed.map(|entry| (name.to_owned(), entry.setting.clone()));
        let computed = computed.collect();
        remove_without_effect(&mut section, options);
        match with_values(*declared, options, &section) {
            Ok(config) => Self {
                present: Present {
                    config,
                    modes: Modes::of(&section),
                },
                faults: Vec::new(),
                computed,
            },
            Err(contradictions) => Self {
                present: Present::without_file(*declared),
                faults: contradictions
                    .into_iter()
                    .filter_map(|contradiction| section.fault(contradiction))
                    .collect(),
                computed,
            },
        }
    }
}

/// The declared configuration with the values of the file that holds now.
pub(super) fn configured<C: LimiterConfig>(
    name: &str,
    declared: &C,
    options: LayerOptions,
    current: &Current,
) -> C {
    current.values().map_or(*declared, |values| {
        Resolved::new(name, declared, options, values)
            .present
            .config
    })
}

/// The values that hold for a limiter, each with its place.
pub(super) fn section_in_force<C: LimiterConfig>(
    name: &str,
    declared: &C,
    options: LayerOptions,
    values: &Values,
) -> SectionValues {
    let mut section = shared_section::<C>(name, values);
    remove_without_effect(&mut section, options);
    if with_values(*declared, options, &section).is_err() {
        return SectionValues::default();
    }
    section
}

fn shared_section<C: LimiterConfig>(name: &str, values: &Values) -> SectionValues {
    let mut section = values.of(C::section(), name);
    section.entries.retain(|entry| is_shared(entry.key));
    section
}

/// Removes the values that each call computes, and those of all names that have no effect on this
/// one.
fn remove_without_effect(section: &mut SectionValues, options: LayerOptions) {
    section.entries.retain(|entry| {
        let is_for_keys = matches!(entry.key, "max_keys" | "idle");
        let is_for_others = is_for_keys && entry.level.is_default() && !options.has("key");
        !is_for_others && !options.computes(entry.key)
    });
}

fn with_values<C: LimiterConfig>(
    config: C,
    options: LayerOptions,
    values: &SectionValues,
) -> Result<C, Vec<Contradiction>> {
    let keys = ["max_keys", "idle"].into_iter();
    let found: Vec<_> = keys
        .filter(|key| values.has(key) && !options.has("key"))
        .map(|key| {
            let word = C::WORD;
            Contradiction::new(
                key,
                format!(
                    "`{key}` belongs to `key`, a {word} for each key: add one, like `key = tenant`, or remove `{key}`"
                ),
            )
        })
        .collect();
    if !found.is_empty() {
        return Err(found);
    }
    let config = config.with_values(values);
    config.map_err(|error| vec![Contradiction::new(error.setting(), error.to_string())])
}

/// The layer of a function, with the values of the file.
#[derive(Debug)]
pub struct LimiterInFile<C> {
    pub(super) max_wait: Option<Duration>,
    /// The values on the constant part of the configuration.
    pub(super) config: C,
}

impl<C: Described + Debug + Send + 'static> operation::Configured for LimiterInFile<C> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn slot(&'static self) -> Slot {
        self.config.slot()
    }

    fn constant(&self) -> &dyn Described {
        &self.config
    }
}

/// Applies the values to the layer of a function. Those of the limiter are among them only for the
/// description of a stack.
pub(super) fn layer_in_file<C: LimiterConfig>(
    config: C,
    options: LayerOptions,
    values: &SectionValues,
) -> Result<LimiterInFile<C>, Vec<Contradiction>> {
    let mut values = values.clone();
    remove_without_effect(&mut values, options);
    let config = with_values(config, options, &values)?;
    let max_wait = values.time(MAX_WAIT);
    Ok(LimiterInFile { max_wait, config })
}

/// The time that can contradict the limit of a layer outside.
pub(super) fn layer_times<C: LimiterConfig>(
    config: &C,
    options: LayerOptions,
    values: &SectionValues,
) -> LayerTimes {
    let in_file = values.time(MAX_WAIT).map(|wait| (wait, Some(MAX_WAIT)));
    let is_constant = options.has(MAX_WAIT) && !options.computes(MAX_WAIT);
    LayerTimes {
        max_wait: in_file.or(is_constant.then(|| (config.common().max_wait, None))),
        ..LayerTimes::default()
    }
}
