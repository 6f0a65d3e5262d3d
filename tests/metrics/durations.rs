//! The histograms of the durations of attempts and of the waits of calls, which are off until the
//! program asks for them.

use std::{cell::Cell, time::Duration};

use resilience::{metrics, retry};
use resilience_metrics_tests::Series;
use tokio::time::sleep;

const ATTEMPT: Duration = Duration::from_millis(20);

#[retry(base_delay = 1s, jitter = none, operation = "durations.fetch")]
async fn fetch(failures: &Cell<u32>) -> Result<(), &'static str> {
    sleep(ATTEMPT).await;
    match failures.get().checked_sub(1) {
        Some(left) => {
            failures.set(left);
            Err("busy")
        }
        None => Ok(()),
    }
}

#[retry(base_delay = 1ms, jitter = none, operation = "durations.load")]
fn load(failures: &Cell<u32>) -> Result<(), &'static str> {
    match failures.get().checked_sub(1) {
        Some(left) => {
            failures.set(left);
            Err("busy")
        }
        None => Ok(()),
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_are_recorded_without_their_waits_if_the_program_asks_for_it() {
    let series = Series::default();
    ::metrics::set_global_recorder(series.clone()).expect("there is none");
    let value = |part: &str, outcome: &str| {
        let labels = format!(r#"{{operation="durations.fetch",outcome="{outcome}"}}"#);
        series.value(&format!(
            "resilience_attempt_duration_seconds_{part}{labels}"
        ))
    };
    let waits = |part: &str| {
        let labels = r#"{operation="durations.fetch"}"#;
        series.value(&format!("resilience_retry_delay_seconds_{part}{labels}"))
    };
    assert_eq!(fetch(&Cell::new(1)).await, Ok(()));
    assert_eq!(value("count", "success"), None, "nobody asked");
    assert_eq!(waits("count"), None, "nobody asked");

    metrics::record_durations(true);
    assert_eq!(fetch(&Cell::new(2)).await, Ok(()));
    assert_eq!(
        (value("count", "failure"), value("count", "success")),
        (Some(2.0), Some(1.0))
    );
    for (outcome, attempts) in [("failure", 2), ("success", 1)] {
        let sum = Duration::from_secs_f64(value("sum", outcome).expect("it is recorded"));
        let exact = attempts * ATTEMPT;
        // Tokio's timer ends up to a millisecond late.
        let range = exact..=exact + 2 * attempts * Duration::from_millis(1);
        assert!(range.contains(&sum), "{outcome}: {sum:?}");
    }
    assert_eq!(
        (waits("count"), waits("sum")),
        (Some(1.0), Some(3.0)),
        "the call waited for 1 s and for 2 s"
    );
    assert_eq!(fetch(&Cell::new(0)).await, Ok(()));
    assert_eq!(waits("count"), Some(1.0), "the call did not wait");
    assert_eq!(fetch(&Cell::new(9)).await, Err("busy"));
    assert_eq!(
        (waits("count"), waits("sum")),
        (Some(2.0), Some(3.0 + 7.0)),
        "the call gave up after 1 s, 2 s and 4 s"
    );
    assert_eq!(value("count", "success"), Some(2.0));

    assert_eq!(load(&Cell::new(0)), Ok(()));
    assert_eq!(load(&Cell::new(2)), Ok(()));
    let count = |outcome: &str| {
        let labels = format!(r#"{{operation="durations.load",outcome="{outcome}"}}"#);
        series.value(&format!(
            "resilience_attempt_duration_seconds_count{labels}"
        ))
    };
    assert_eq!((count("failure"), count("success")), (Some(2.0), Some(2.0)));
    let waited = r#"resilience_retry_delay_seconds_sum{operation="durations.load"}"#;
    let waited = series.value(waited).expect("a sync call waited");
    assert!((waited - 0.003).abs() < 1e-6, "1 ms and 2 ms: {waited}");

    metrics::record_durations(false);
    assert_eq!(fetch(&Cell::new(0)).await, Ok(()));
    assert_eq!(value("count", "success"), Some(2.0));
}
