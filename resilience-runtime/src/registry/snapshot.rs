//! Everything that the process knows of itself, in one value.

use std::{process, time::SystemTime};

#[cfg(feature = "config")]
use crate::file::{ConfigStatus, status};
use crate::{
    budget::RetryBudgetStats,
    bulkhead::BulkheadStats,
    circuit::{CircuitBreakerStats, FamilyStats},
    operation::OperationStats,
    rate_limit::RateLimitStats,
    timeout::WorkerStats,
};

/// The version of the snapshot's form. It rises when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// The statistics of the whole process at one moment: [`registry::snapshot`](super::snapshot)
/// returns it.
///
/// With the feature `serde` it is `Serialize`. Names of fields are those of the Rust types, numbers
/// are numbers, durations are seconds as numbers, times are RFC 3339, and a circuit's `state` is
/// `closed`, `open`, `half_open` or `isolated`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RegistrySnapshot {
    /// The version of this form.
    pub schema: u32,
    /// The time at which the snapshot was taken.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::rfc3339"))]
    pub at: SystemTime,
    /// The process.
    pub process: ProcessInfo,
    /// The circuits, sorted by name. The circuits of keys are in `families`.
    pub circuits: Vec<CircuitBreakerStats>,
    /// The names that have a circuit for each key, sorted.
    pub families: Vec<FamilyStats>,
    /// The annotated functions that have run, sorted by the name of their operation.
    pub operations: Vec<OperationStats>,
    /// The retry budgets, sorted by name.
    pub budgets: Vec<RetryBudgetStats>,
    /// The bulkheads, sorted by name. A name with keys is the sum of its keys.
    pub bulkheads: Vec<BulkheadStats>,
    /// The rate limits, sorted by name. A name with keys is the sum of its keys.
    pub limits: Vec<RateLimitStats>,
    /// The worker threads of sync timeouts.
    pub workers: WorkerStats,
    /// The configuration file.
    #[cfg(feature = "config")]
    pub config: ConfigStatus,
}

/// The process that a snapshot is of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ProcessInfo {
    /// The number by which the operating system knows the process.
    pub id: u32,
    /// The version of this library.
    pub version: &'static str,
}

impl RegistrySnapshot {
    pub(super) fn take(
        circuits: Vec<CircuitBreakerStats>,
        families: Vec<FamilyStats>,
        operations: Vec<OperationStats>,
        budgets: Vec<RetryBudgetStats>,
        bulkheads: Vec<BulkheadStats>,
        limits: Vec<RateLimitStats>,
        workers: WorkerStats,
    ) -> Self {
        Self {
            schema: SCHEMA,
            at: SystemTime::now(),
            process: ProcessInfo {
                id: process::id(),
                version: env!("CARGO_PKG_VERSION"),
            },
            circuits,
            families,
            operations,
            budgets,
            bulkheads,
            limits,
            workers,
            #[cfg(feature = "config")]
            config: status(),
        }
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        CircuitBreakerConfig, PolicyDescription, ResolvedSetting, RetryBudget, Source, registry,
        worker_stats,
    };

    /// Finds the element of a list by its name.
    fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
        let list = list.as_array().expect("a list");
        let found = list.iter().find(|element| element["name"] == name);
        found.unwrap_or_else(|| panic!("no {name}"))
    }

    fn json() -> Value {
        serde_json::to_value(registry::snapshot()).expect("JSON")
    }

    #[test]
    fn it_has_the_process_and_a_time_of_rfc_3339() {
        let json = json();
        assert_eq!(json["schema"], 1);
        assert_eq!(json["process"]["id"], process::id());
        assert_eq!(json["process"]["version"], env!("CARGO_PKG_VERSION"));
        let at = json["at"].as_str().expect("a text");
        assert_eq!((at.len(), &at[10..11], &at[23..]), (24, "T", "Z"), "{at}");
        humantime::parse_rfc3339(at).expect("RFC 3339");
        assert_eq!(json["workers"]["live"], worker_stats().live);
    }

    #[test]
    fn an_isolated_circuit_is_isolated_and_durations_are_seconds() {
        let config = CircuitBreakerConfig::new().recovery_timeout(Duration::from_secs(1 << 20));
        let open = registry::get_or_register("snapshot::open", config);
        open.trip();
        registry::get_or_register("snapshot::isolated", config).isolate();
        registry::get_or_register("snapshot::closed", config);
        let short = config.recovery_timeout(Duration::from_millis(1));
        registry::get_or_register("snapshot::half_open", short).trip();
        std::thread::sleep(Duration::from_millis(2));
        let json = json();
        let circuit = |name: &str| named(&json["circuits"], name).clone();
        assert_eq!(circuit("snapshot::closed")["state"], "closed");
        assert_eq!(circuit("snapshot::half_open")["state"], "half_open");
        let isolated = circuit("snapshot::isolated");
        assert_eq!(
            (&isolated["state"], &isolated["isolated"]),
            (&json!("isolated"), &json!(true))
        );
        assert_eq!(isolated["retry_after"], Value::Null);
        let open = circuit("snapshot::open");
        assert_eq!(
            (&open["state"], &open["opened"]),
            (&json!("open"), &json!(1))
        );
        let retry_after = open["retry_after"].as_f64().expect("a number");
        assert!(
            (retry_after - f64::from(1 << 20)).abs() < 60.0,
            "{retry_after}"
        );
        assert!(open["time_in_state"].is_number());
        assert_eq!(open["declared_at"]["file"], file!());
        assert!(open["declared_at"]["line"].is_u64());
    }

    #[test]
    fn a_budget_is_listed_from_its_registration_on() {
        let budget = RetryBudget::new().ratio(0.5);
        registry::register_budget("snapshot::budget", budget).expect("the name is free");
        let json = json();
        let budget = named(&json["budgets"], "snapshot::budget");
        assert_eq!(budget["ratio"], 0.5);
        assert_eq!(
            (&budget["retries"], &budget["refused"]),
            (&json!(0), &json!(0))
        );
    }

    #[test]
    fn sources_say_their_kind() {
        let described = |source| {
            let setting = ResolvedSetting {
                policy: "retry",
                setting: "max_retries",
                value: "3".to_owned(),
                source,
            };
            let policy = PolicyDescription {
                policy: "retry",
                settings: vec![setting],
            };
            serde_json::to_value(policy).expect("JSON")["settings"][0]["source"].clone()
        };
        assert_eq!(described(Source::Default), json!({"kind": "default"}));
        assert_eq!(
            described(Source::Attribute {
                file: "src/jira.rs",
                line: 7
            }),
            json!({"kind": "attribute", "file": "src/jira.rs", "line": 7})
        );
    }
}
