//! The section `[metrics]`, and the metric of the reloads.

use resilience::{metrics, retry};
use resilience_config_tests::Turn;
use resilience_metrics_tests::Series;

#[retry(operation = "metrics.fetch")]
fn fetch() -> Result<(), &'static str> {
    Ok(())
}

#[test]
fn the_file_switches_the_durations_and_wins_over_the_program() {
    let turn = Turn::begin();
    let series = Series::default();
    let attempts = || {
        assert_eq!(fetch(), Ok(()));
        let labels = r#"{operation="metrics.fetch",outcome="success"}"#;
        series.get(&format!(
            "resilience_attempt_duration_seconds_count{labels}"
        ))
    };
    ::metrics::with_local_recorder(&series, || {
        assert_eq!(attempts(), None, "nobody asked");
        turn.set("[metrics]\ndurations = true");
        assert_eq!(attempts(), Some(1));
        turn.set("");
        assert_eq!(attempts(), Some(1));
        metrics::record_durations(true);
        assert_eq!(attempts(), Some(2));
        turn.set("[metrics]\ndurations = false");
        assert_eq!(attempts(), Some(2), "the file wins");
        turn.set("");
        assert_eq!(attempts(), Some(3), "the program has the switch again");
        metrics::record_durations(false);
    });
}

#[test]
fn each_configuration_is_counted_as_applied_or_refused() {
    let turn = Turn::begin();
    let series = Series::default();
    let counts = || {
        ::metrics::with_local_recorder(&series, metrics::update);
        ["applied", "refused"].map(|result| {
            let name = format!("resilience_config_reloads_total{{result=\"{result}\"}}");
            series
                .get(&name)
                .expect("it exists from the first update on")
        })
    };
    let [applied, refused] = counts();
    turn.set("[default.retry]\nmax_retries = 4");
    turn.apply("[default.retry]\nmax_retries = -1")
        .expect_err("it is wrong");
    turn.set("");
    assert_eq!(counts(), [applied + 2, refused + 1]);
}
