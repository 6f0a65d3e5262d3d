//! The section `[circuit_breaker.NAME]` of the configuration file.

use std::any::Any;
use std::time::Duration;

use resilience_macros::file_keys;

use super::{config::CircuitBreakerConfig, settings::CircuitBreakerSettings};
use crate::by_name::Modes;
use crate::file::{
    Contradiction, Current, ENABLED, ENFORCE, Exclusive, SectionKind, SectionSpec, SectionValues,
};
use crate::operation::{Configured, Described};
use crate::settings::LayerOptions;

const CRITERIA: [&str; 3] = ["failure_threshold", "failure_rate", "consecutive_failures"];

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "circuit_breaker",
    keys: file_keys!(circuit_breaker),
    own: &[ENABLED, ENFORCE],
    kind: SectionKind::Policy,
    exclusive: &[
        Exclusive {
            keys: &CRITERIA,
            why: "a circuit opens on one criterion of failures",
        },
        Exclusive {
            keys: &["failure_window", "window_calls"],
            why: "a window is a time or a number of calls",
        },
    ],
    contradictions: |values| {
        caps(&Pairs {
            values,
            circuit: None,
        })
    },
};

/// A circuit as the program declares it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeclaredCircuit {
    pub(crate) config: CircuitBreakerConfig,
    /// The options of the attribute. A circuit of a value has none.
    pub(crate) options: LayerOptions,
    /// True for a name with keys.
    pub(crate) is_keyed: bool,
}

/// A circuit with the values of its section.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CircuitInFile {
    pub(crate) config: CircuitBreakerConfig,
    pub(crate) modes: Modes,
}

impl CircuitInFile {
    /// A circuit without a section.
    pub(crate) fn without_values(config: CircuitBreakerConfig) -> Self {
        Self {
            config,
            modes: Modes::ON,
        }
    }
}

/// The values of a section that apply to a circuit: without those that each call computes, and
/// without those of all names that have no effect on this one.
pub(crate) fn applicable(circuit: &DeclaredCircuit, mut values: SectionValues) -> SectionValues {
    let options = circuit.options;
    values.entries.retain(|entry| {
        let is_criterion = CRITERIA.contains(&entry.key);
        let names_one = CRITERIA.iter().any(|option| options.has(option));
        let is_replaced = entry.level.is_default() && is_criterion && names_one;
        !is_replaced && !options.computes(entry.key)
    });
    loop {
        let pairs = Pairs {
            values: &values,
            circuit: Some(circuit),
        };
        let without_effect = belongings(&pairs).into_iter().find(|contradiction| {
            let entry = values.entry(contradiction.key);
            entry.is_some_and(|entry| entry.level.is_default())
        });
        let Some(Contradiction { key, .. }) = without_effect else {
            return values;
        };
        values.remove(key);
    }
}

/// Applies the values to a circuit, or finds those that contradict it.
pub(crate) fn resolve(
    circuit: &DeclaredCircuit,
    values: &SectionValues,
) -> Result<CircuitInFile, Vec<Contradiction>> {
    let pairs = Pairs {
        values,
        circuit: Some(circuit),
    };
    let mut found = belongings(&pairs);
    found.extend(caps(&pairs));
    if !found.is_empty() {
        return Err(found);
    }
    let config = settings(values)
        .apply_to(circuit.config)
        .map_err(|error| vec![Contradiction::new(error.setting(), error.to_string())])?;
    Ok(CircuitInFile {
        config,
        modes: Modes::of(values),
    })
}

/// The configuration of a declared circuit with the values of the file that holds now.
pub(crate) fn configured(
    declared: &DeclaredCircuit,
    name: &str,
    current: &Current,
) -> CircuitBreakerConfig {
    let values = current.values();
    let in_file = values.and_then(|values| {
        let section = applicable(declared, values.of(&FILE, name));
        resolve(declared, &section).ok()
    });
    in_file.map_or(declared.config, |in_file| in_file.config)
}

/// The configuration of the layer of a function, for the description of its stack.
pub(super) fn describe(
    config: &CircuitBreakerConfig,
    options: LayerOptions,
    values: &SectionValues,
) -> Result<Option<Box<dyn Configured>>, Vec<Contradiction>> {
    let declared = DeclaredCircuit {
        config: *config,
        options,
        is_keyed: options.has("key"),
    };
    let section = applicable(&declared, values.clone());
    resolve(&declared, &section)
        .map(|in_file| Some(Box::new(in_file.config) as Box<dyn Configured>))
}

impl Configured for CircuitBreakerConfig {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn constant(&self) -> &dyn Described {
        self
    }
}

fn settings(values: &SectionValues) -> CircuitBreakerSettings {
    CircuitBreakerSettings {
        failure_threshold: values.count("failure_threshold"),
        failure_window: values.time("failure_window"),
        failure_rate: values.number("failure_rate"),
        consecutive_failures: values.count("consecutive_failures"),
        window_calls: values.count("window_calls"),
        minimum_calls: values.count("minimum_calls"),
        recovery_timeout: values.time("recovery_timeout"),
        recovery_multiplier: values.number("recovery_multiplier"),
        max_recovery_timeout: values.time("max_recovery_timeout"),
        recovery_jitter: values.number("recovery_jitter"),
        success_threshold: values.count("success_threshold"),
        half_open_max_calls: values.count("half_open_max_calls"),
        slow_call: values.time("slow_call"),
        slow_rate: values.number("slow_rate"),
        max_keys: values.count("max_keys"),
        idle: values.time("idle"),
    }
}

/// The values of a section beside those of the circuit, for the rules that take two values.
struct Pairs<'a> {
    values: &'a SectionValues,
    circuit: Option<&'a DeclaredCircuit>,
}

impl Pairs<'_> {
    /// True if the file gives the value, or the circuit has it and the file does not replace it.
    fn has_rate(&self) -> bool {
        let replaced = CRITERIA.iter().any(|key| self.values.has(key));
        let own = |circuit: &DeclaredCircuit| circuit.config.get_failure_rate().is_some();
        self.values.has("failure_rate") || !replaced && self.circuit.is_some_and(own)
    }

    fn has_slow_rate(&self) -> bool {
        let own = |circuit: &DeclaredCircuit| circuit.config.get_slow_rate().is_some();
        self.values.has("slow_rate") || self.circuit.is_some_and(own)
    }

    fn has_slow_call(&self) -> bool {
        let own = |circuit: &DeclaredCircuit| circuit.config.get_slow_call().is_some();
        self.values.has("slow_call") || self.circuit.is_some_and(own)
    }

    fn is_consecutive(&self) -> bool {
        let replaced = CRITERIA.iter().any(|key| self.values.has(key));
        let own = |circuit: &DeclaredCircuit| circuit.config.get_consecutive_failures().is_some();
        self.values.has("consecutive_failures") || !replaced && self.circuit.is_some_and(own)
    }

    /// The value of an option, if the file or the attribute has it as a constant.
    fn constant<T>(
        &self,
        key: &str,
        in_file: Option<T>,
        own: impl FnOnce(&CircuitBreakerConfig) -> Option<T>,
    ) -> Option<T> {
        if in_file.is_some() {
            return in_file;
        }
        let circuit = self.circuit?;
        let options = circuit.options;
        if options.has(key) && !options.computes(key) {
            own(&circuit.config)
        } else {
            None
        }
    }

    fn time(
        &self,
        key: &str,
        own: impl FnOnce(&CircuitBreakerConfig) -> Duration,
    ) -> Option<Duration> {
        self.constant(key, self.values.time(key), |config| Some(own(config)))
    }

    /// The first of two keys that the file has.
    fn in_file(&self, keys: [&'static str; 2]) -> Option<&'static str> {
        keys.into_iter().find(|key| self.values.has(key))
    }
}

/// Finds the values that another one caps.
fn caps(pairs: &Pairs<'_>) -> Vec<Contradiction> {
    let values = pairs.values;
    let least = pairs.constant("minimum_calls", values.count("minimum_calls"), |config| {
        Some(config.minimum_calls_as_set())
    });
    let most = pairs.constant("window_calls", values.count("window_calls"), |config| {
        config.get_window_calls()
    });
    let minimum = match (
        least,
        most,
        pairs.in_file(["minimum_calls", "window_calls"]),
    ) {
        (Some(least), Some(most), Some(key)) if least > most => Some(Contradiction::new(
            key,
            format!(
                "`minimum_calls` ({least}) is above `window_calls` ({most}), so the rate would never count: raise \
                 `window_calls` or lower `minimum_calls`"
            ),
        )),
        _ => None,
    };
    let timeout = pairs.time(
        "recovery_timeout",
        CircuitBreakerConfig::get_recovery_timeout,
    );
    let longest = pairs.time(
        "max_recovery_timeout",
        CircuitBreakerConfig::get_max_recovery_timeout,
    );
    let key = pairs.in_file(["recovery_timeout", "max_recovery_timeout"]);
    let recovery = match (timeout, longest, key) {
        (Some(timeout), Some(longest), Some(key)) if timeout > longest => Some(Contradiction::new(
            key,
            format!(
                "`recovery_timeout` ({timeout:?}) is above `max_recovery_timeout` ({longest:?}), which caps every open \
                 time: raise `max_recovery_timeout` or lower `recovery_timeout`"
            ),
        )),
        _ => None,
    };
    [minimum, recovery].into_iter().flatten().collect()
}

/// Finds the values that have no effect on the circuit, because another one is missing or excludes
/// them.
fn belongings(pairs: &Pairs<'_>) -> Vec<Contradiction> {
    let (values, mut found) = (pairs.values, Vec::new());
    if values.has("slow_rate") && !pairs.has_slow_call() {
        found.push(Contradiction::new(
            "slow_rate",
            "`slow_rate` belongs to `slow_call`: add one, like `slow_call = \"2s\"`".to_owned(),
        ));
    }
    let is_rated = pairs.has_rate() || pairs.has_slow_rate();
    if values.has("failure_window") && pairs.is_consecutive() && !pairs.has_slow_rate() {
        let why = "failures in a row have no window, unless there is a `slow_rate`, too";
        found.push(Contradiction::exclusive(
            "failure_window",
            &["consecutive_failures"],
            why,
        ));
    }
    if values.has("minimum_calls") && !is_rated {
        found.push(Contradiction::new(
            "minimum_calls",
            "`minimum_calls` belongs to `failure_rate`: add one, like `failure_rate = 0.5`, or use `failure_threshold` alone"
                .to_owned(),
        ));
    }
    if values.has("window_calls") && !is_rated {
        found.push(Contradiction::new(
            "window_calls",
            "`window_calls` belongs to `failure_rate` or `slow_rate`: add one, like `failure_rate = 0.5`".to_owned(),
        ));
    }
    let is_keyed = pairs.circuit.is_none_or(|circuit| circuit.is_keyed);
    for key in ["max_keys", "idle"] {
        if values.has(key) && !is_keyed {
            found.push(Contradiction::new(
                key,
                format!(
                    "`{key}` belongs to `key`, a circuit for each key: add one, like `key = tenant`, or remove `{key}`"
                ),
            ));
        }
    }
    found
}
