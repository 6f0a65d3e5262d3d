//! The metrics of operations and budgets: each of them equals its statistic.

use std::{convert::Infallible, future::pending, time::Duration};

use resilience::{
    OperationStats, RetryBudget, TimedOut, fallback, hedge, metrics, registry, retry, timeout,
};
use resilience_metrics_tests::Series;
use tokio::time::sleep;

static BUDGET: RetryBudget = RetryBudget::new()
    .ratio(1.0)
    .min_per_second(0)
    .name("operations");

#[retry(max_retries = 2, base_delay = 0s, retry_if = |error: &u32| *error != 404, budget = &BUDGET, operation = "operations.retry")]
fn fetch(errors: &mut Vec<u32>) -> Result<(), u32> {
    errors.pop().map_or(Ok(()), Err)
}

#[timeout(1s, operation = "operations.timeout")]
async fn hang() -> Result<(), TimedOut> {
    pending().await
}

#[fallback(|_| Ok(7), operation = "operations.fallback")]
fn answered() -> Result<u32, &'static str> {
    Err("down")
}

#[hedge(after = 10ms, max_hedges = 1, budget = 10, operation = "operations.hedge")]
async fn slow() -> Result<(), Infallible> {
    sleep(Duration::from_millis(50)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_series_of_each_operation_equal_its_statistics() {
    let series = Series::default();
    ::metrics::set_global_recorder(series.clone()).expect("there is none");
    assert_eq!(fetch(&mut vec![503]), Ok(()));
    assert_eq!(fetch(&mut vec![404]), Err(404));
    // The budget grants as many retries as there were calls, and one was drawn.
    assert_eq!(fetch(&mut vec![503; 9]), Err(503));
    assert_eq!(fetch(&mut vec![503; 9]), Err(503));
    assert!(hang().await.is_err());
    assert_eq!(answered(), Ok(7));
    assert_eq!(slow().await, Ok(()));
    metrics::update();

    let operations = registry::operations();
    assert_eq!(operations.len(), 4);
    for stats in &operations {
        compare(stats, &series);
    }
    let sum = |count: fn(&OperationStats) -> u64| operations.iter().map(count).sum();
    let sums: [u64; 6] = [
        sum(|stats| stats.recovered),
        sum(|stats| stats.gave_up.not_retryable),
        sum(|stats| stats.gave_up.budget),
        sum(|stats| stats.timeouts),
        sum(|stats| stats.fallbacks),
        sum(|stats| stats.hedges),
    ];
    assert!(sums.iter().all(|sum| *sum > 0), "each happened: {sums:?}");

    let budget = BUDGET.stats();
    let retries = |outcome: &str| {
        let labels = format!(r#"{{budget="operations",outcome="{outcome}"}}"#);
        series.get(&format!("resilience_budget_retries_total{labels}"))
    };
    assert_eq!(
        (retries("granted"), retries("refused")),
        (Some(budget.retries), Some(budget.refused))
    );
    assert_eq!(
        series.get(r#"resilience_budget_available{budget="operations"}"#),
        Some(budget.available)
    );
}

/// Compares the series of an operation with its statistics.
fn compare(stats: &OperationStats, series: &Series) {
    let name = &stats.name;
    let get = |metric: &str, labels: &str| {
        let series_name = format!("resilience_{metric}{{operation=\"{name}\"{labels}}}");
        let value = series.get(&series_name);
        value.unwrap_or_else(|| panic!("no {series_name}"))
    };
    assert_eq!(get("retries_total", ""), stats.retries);
    assert_eq!(get("timeouts_total", ""), stats.timeouts);
    assert_eq!(get("fallbacks_total", ""), stats.fallbacks);
    assert_eq!(get("hedges_total", ""), stats.hedges);
    let result = |labels: &str| get("retry_calls_total", &format!(",result={labels}"));
    assert_eq!(result(r#""recovered""#), stats.recovered);
    for (reason, count) in [
        ("attempts", stats.gave_up.attempts),
        ("elapsed", stats.gave_up.elapsed),
        ("not_retryable", stats.gave_up.not_retryable),
        ("budget", stats.gave_up.budget),
        ("hint", stats.gave_up.hint),
        ("deadline", stats.gave_up.deadline),
        ("circuit_open", stats.gave_up.circuit_open),
        ("refused", stats.gave_up.refused),
    ] {
        assert_eq!(result(&format!(r#""gave_up",reason="{reason}""#)), count);
    }
}
