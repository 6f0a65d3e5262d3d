//! One circuit with everything that is known of it.

use axum::http::StatusCode;
use resilience::{OperationStats, PolicyDescription, registry};
use serde_json::{Value, json};

use crate::answer::Refusal;

/// The most keys of a name that are shown. The rest is counted.
const SHOWN_KEYS: usize = 100;

/// The statistics of the circuit of that name, or of a name with keys, with `history`, `settings`
/// and `operations`. A name with keys has the circuits of those that are the worst off, too.
pub(crate) fn describe(name: &str) -> Option<Value> {
    let family = registry::family(name);
    let mut described = match registry::stats(name) {
        Some(stats) => serde_json::to_value(stats),
        None => serde_json::to_value(family.as_ref()?),
    }
    .ok()?;
    let operations = registry::operations();
    let users = operations.iter().filter_map(|operation| {
        let policy = policy_of(operation, name)?;
        Some((operation, policy))
    });
    let users: Vec<_> = users.collect();
    let names = users.iter().map(|(operation, _)| {
        let place = operation.declared_at;
        json!({
            "name": operation.name,
            "declared_at": { "file": place.file(), "line": place.line() },
        })
    });
    described["operations"] = names.collect();
    let settings = users.first().map(|(_, policy)| &policy.settings);
    described["settings"] = json!(settings.map_or(&[][..], Vec::as_slice));
    described["history"] = json!(registry::history(name));
    if family.is_some() {
        described["circuits"] = json!(registry::worst_keys(name, SHOWN_KEYS));
    }
    Some(described)
}

/// True if there is a circuit of that name, or a name with keys.
pub(crate) fn is_known(name: &str) -> bool {
    registry::get(name).is_some() || registry::family(name).is_some()
}

/// The answer to a name that no circuit has.
pub(crate) fn unknown() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "there is no circuit of this name")
}

/// The circuit breaker in the stack of the operation that uses the circuit.
fn policy_of<'a>(operation: &'a OperationStats, circuit: &str) -> Option<&'a PolicyDescription> {
    operation.stack.iter().find(|policy| {
        let mut settings = policy.settings.iter();
        policy.policy == "circuit_breaker"
            && settings.any(|setting| setting.setting == "name" && setting.value == circuit)
    })
}
