//! The reports of values that the configuration file has and that do not hold.

use std::sync::{Mutex, PoisonError};

use crate::{
    events::{self, EventKind},
    file::{ConfigFault, Faults},
};

/// The name of a function or of a shared thing, and a setting of the file that each call computes.
pub(crate) type Computed = (String, String);

/// Tells of a function, or of a shared thing, that keeps its own values. It is told once, because a
/// thing begins to run once.
pub(crate) fn tell_refused(found: Vec<ConfigFault>) {
    let mut faults = Faults::default();
    for fault in found {
        faults.push(fault);
    }
    if let Err(report) = faults.into_result() {
        let report = report.to_string();
        tracing::error!(
            target: "resilience",
            report,
            "a function keeps its own values, because those of the configuration file contradict them"
        );
        events::emit(None, || EventKind::ConfigRefused { report: &report });
    }
}

/// The settings of which the log has said that a function computes them.
static TOLD: Mutex<Vec<Computed>> = Mutex::new(Vec::new());

/// Says once that a function computes a setting of the file in each call.
pub(crate) fn tell_computed(computed: Vec<Computed>) {
    for one in computed {
        let is_new = {
            let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = !told.contains(&one);
            if is_new {
                told.push(one.clone());
            }
            is_new
        };
        if is_new {
            let (name, setting) = one;
            tracing::warn!(
                target: "resilience",
                name,
                setting,
                "each call computes this option, so the configuration file does not set it"
            );
        }
    }
}
