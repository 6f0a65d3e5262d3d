//! Any text either applies whole or changes nothing.

use proptest::prelude::*;
use resilience::{BulkheadConfig, CircuitBreakerConfig, config, registry, retry};
use resilience_config_tests::Turn;

#[retry(operation = "properties.retry")]
fn retried() -> Result<(), &'static str> {
    Ok(())
}

/// A line of a file: right, wrong, or no line at all.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("[retry.\"properties.retry\"]".to_owned()),
        Just("[circuit_breaker.\"properties.circuit\"]".to_owned()),
        Just("[default.retry]".to_owned()),
        Just("[default.circuit_breaker]".to_owned()),
        Just("[budget.\"properties.budget\"]".to_owned()),
        Just("[bulkhead.\"properties.pool\"]".to_owned()),
        Just("[default.hedge]".to_owned()),
        Just("[nothing]".to_owned()),
        (0_u32..6).prop_map(|number| format!("max_concurrent = {number}")),
        (0_u32..6).prop_map(|number| format!("max_retries = {number}")),
        (0_u32..6).prop_map(|number| format!("max_attempts = {number}")),
        (0_u32..6).prop_map(|number| format!("failure_threshold = {number}")),
        (0_u32..6).prop_map(|number| format!("minimum_calls = {number}")),
        (0_u32..12).prop_map(|tenths| format!("failure_rate = {}.{}", tenths / 10, tenths % 10)),
        (0_u32..12).prop_map(|tenths| format!("ratio = {}.{}", tenths / 10, tenths % 10)),
        (0_u32..90).prop_map(|seconds| format!("base_delay = \"{seconds}s\"")),
        (0_u32..90).prop_map(|seconds| format!("max_delay = \"{seconds}s\"")),
        any::<bool>().prop_map(|flag| format!("enforce = {flag}")),
        any::<bool>().prop_map(|flag| format!("enabled = {flag}")),
        "\\PC{0,12}",
    ]
}

/// All settings that the names have now.
fn resolved() -> Vec<(String, String, String)> {
    let names = ["properties.retry", "properties.circuit", "properties.pool"];
    let settings = names.into_iter().flat_map(config::describe);
    let mut settings: Vec<_> = settings
        .map(|setting| {
            let source = format!("{:?}", setting.source);
            (
                format!("{}.{}", setting.policy, setting.setting),
                setting.value,
                source,
            )
        })
        .collect();
    let pool = registry::bulkhead("properties.pool").expect("registered");
    settings.push(("pool".to_owned(), pool.limit.to_string(), String::new()));
    let circuit = registry::get("properties.circuit").expect("registered");
    settings.push((
        "circuit".to_owned(),
        format!("{:?}", circuit.config()),
        String::new(),
    ));
    settings
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_applies_whole_or_changes_nothing(lines in prop::collection::vec(line(), 0..12)) {
        let turn = Turn::begin();
        retried().expect("it runs");
        registry::get_or_register("properties.circuit", CircuitBreakerConfig::new());
        registry::get_or_register_bulkhead("properties.pool", BulkheadConfig::new(3));
        turn.set("[bulkhead.\"properties.pool\"]\nmax_concurrent = 9\n[retry.\"properties.retry\"]\nmax_retries = 9\n[circuit_breaker.\"properties.circuit\"]\nfailure_threshold = 9");
        let before = resolved();
        let text = lines.join("\n");
        match turn.apply(&text) {
            Err(errors) => {
                prop_assert!(!errors.faults().is_empty());
                prop_assert_eq!(resolved(), before, "{}", text);
            }
            Ok(_) => {
                let again = turn.set(&text);
                prop_assert_eq!(again.changes, [], "the whole text holds");
                let nines = resolved().into_iter().filter(|(_, value, _)| value == "9");
                prop_assert_eq!(nines.count(), 0, "nothing of the text before holds");
            }
        }
    }
}
