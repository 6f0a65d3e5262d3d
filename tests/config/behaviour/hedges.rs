//! Hedges take the values of their operation from the next call on.

use std::future::pending;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resilience::{Source, hedge, registry, retry};
use resilience_config_tests::{Turn, setting};
use tokio::time::{Instant, sleep, timeout};

static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

/// The first attempts never end, and the one with this number is the answer.
#[hedge(after = 200ms, budget = 1.0, operation = "hedges.plain")]
async fn plain(answer: u32) -> io::Result<u32> {
    let attempt = ATTEMPTS.fetch_add(1, Ordering::SeqCst) + 1;
    if attempt < answer {
        pending::<()>().await;
    }
    Ok(attempt)
}

/// The time until the answer.
async fn time_of(answer: u32) -> Option<Duration> {
    ATTEMPTS.store(0, Ordering::SeqCst);
    let start = Instant::now();
    let answered = timeout(Duration::from_secs(3600), plain(answer)).await;
    answered.ok().map(|_| start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_hedge_takes_the_time_the_number_and_the_switch_of_the_file() {
    let turn = Turn::begin();
    let milliseconds = Duration::from_millis;
    assert_eq!(time_of(2).await, Some(milliseconds(200)));
    turn.set("[hedge.\"hedges.plain\"]\nafter = \"50ms\"");
    assert_eq!(time_of(2).await, Some(milliseconds(50)));
    assert_eq!(time_of(3).await, None, "one hedge");
    turn.set("[hedge.\"hedges.plain\"]\nafter = \"50ms\"\nmax_hedges = 2\nbudget = 10.0");
    assert_eq!(time_of(3).await, Some(milliseconds(100)));
    turn.set("[hedge.\"hedges.plain\"]\nenabled = false");
    assert_eq!(time_of(2).await, None, "the layer is not there");
    let described = |name| setting("hedges.plain", "hedge", name).0;
    assert_eq!(
        [
            described("after"),
            described("max_hedges"),
            described("enabled")
        ],
        ["200ms", "1", "false"]
    );
    turn.set("");
    assert_eq!(time_of(2).await, Some(milliseconds(200)));
}

#[hedge(after = 1h, budget = 1.0, operation = "hedges.percentile")]
async fn measured(time: Duration) -> io::Result<()> {
    sleep(time).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_percentile_of_the_file_measures_a_function_with_a_fixed_time() {
    let turn = Turn::begin();
    let hedges = || registry::operation("hedges.percentile").map_or(0, |stats| stats.hedges);
    turn.set("[hedge.\"hedges.percentile\"]\nafter = \"p90\"");
    for _ in 0..200 {
        measured(Duration::from_millis(10)).await.expect("it ends");
    }
    assert_eq!(hedges(), 0, "no call is slow");
    sleep(Duration::from_secs(5)).await;
    measured(Duration::from_millis(100)).await.expect("it ends");
    assert_eq!(hedges(), 1);
    let (value, source) = setting("hedges.percentile", "hedge", "after");
    let path = "apply".to_owned();
    assert_eq!(
        (value.as_str(), source),
        ("p90", Source::File { path, line: 2 })
    );
    turn.set("");
    measured(Duration::from_millis(100)).await.expect("it ends");
    assert_eq!(hedges(), 1, "the fixed time holds again");
}

#[retry(budget = "hedges.outer", max_retries = 1, base_delay = 0s, operation = "hedges.below")]
#[hedge(after = 1h, budget = "hedges.own")]
async fn below_a_retry() -> Result<(), ErrorKind> {
    // A hedge's call deposits when it waits.
    tokio::task::yield_now().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_a_retry_outside_draws_on_is_given_each_call_once() {
    let turn = Turn::begin();
    let calls = |name: &str| registry::budget(name).map_or(0, |stats| stats.calls);
    below_a_retry().await.expect("it ends");
    assert_eq!((calls("hedges.outer"), calls("hedges.own")), (1, 1));
    turn.set("[hedge.\"hedges.below\"]\nbudget = \"hedges.outer\"");
    below_a_retry().await.expect("it ends");
    assert_eq!((calls("hedges.outer"), calls("hedges.own")), (2, 1));
    turn.set("[retry.\"hedges.below\"]\nbudget = \"hedges.own\"");
    below_a_retry().await.expect("it ends");
    assert_eq!((calls("hedges.outer"), calls("hedges.own")), (2, 2));
    turn.set(
        "[retry.\"hedges.below\"]\nenabled = false\n[hedge.\"hedges.below\"]\nbudget = \"hedges.outer\"",
    );
    below_a_retry().await.expect("it ends");
    assert_eq!((calls("hedges.outer"), calls("hedges.own")), (3, 2));
}
