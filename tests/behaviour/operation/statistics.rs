//! The statistics of an operation: each thing that goes wrong has its count.

use std::cell::Cell;
use std::future::pending;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, GaveUpCounts, OperationStats, RetryBudget,
    RetryConfig, RetryHint, TimedOut, TimeoutConfig, circuit_breaker, registry, retry, timeout,
};

use crate::abandoned::abandon;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Error {
    Busy,
    NotFound,
    Open,
    Late,
}

impl From<CircuitOpen> for Error {
    fn from(_: CircuitOpen) -> Self {
        Self::Open
    }
}

impl From<TimedOut> for Error {
    fn from(_: TimedOut) -> Self {
        Self::Late
    }
}

/// The outcomes of the calls, one after the other. The last one repeats.
struct Answers<T>(Vec<T>, Cell<usize>);

impl<T: Clone> Answers<T> {
    fn new(answers: &[T]) -> Self {
        Self(answers.to_vec(), Cell::new(0))
    }

    fn next(&self) -> T {
        let at = self.1.get();
        self.1.set(at + 1);
        self.0[at.min(self.0.len() - 1)].clone()
    }
}

#[track_caller]
fn stats(name: &str) -> OperationStats {
    registry::operation(name).unwrap_or_else(|| panic!("{name} has not run"))
}

/// The counts beside those of `gave_up`.
fn counts(stats: &OperationStats) -> [u64; 5] {
    [
        stats.retries,
        stats.recovered,
        stats.timeouts,
        stats.abandoned_bodies,
        stats.fallbacks,
    ]
}

/// `gave_up!(attempts: 1)` has this count alone.
macro_rules! gave_up {
    ($($reason:ident: $count:expr),*) => {{
        #[allow(unused_mut)]
        let mut counts = GaveUpCounts::default();
        $(counts.$reason = $count;)*
        counts
    }};
}

#[test]
fn a_function_is_listed_from_its_first_call_on() {
    #[retry(max_retries = 0, operation = "statistics.listed")]
    fn fetch() -> Result<(), Error> {
        Ok(())
    }
    let line = line!() - 4;
    assert_eq!(registry::operation("statistics.listed"), None);
    fetch().unwrap();
    let listed = stats("statistics.listed");
    assert_eq!(listed.name, "statistics.listed");
    let place = listed.declared_at;
    assert_eq!((place.file(), place.line()), (file!(), line));
    assert!(registry::operations().contains(&listed));
    assert_eq!((counts(&listed), listed.hedges), ([0; 5], 0));
    assert_eq!(listed.gave_up.total(), 0);
}

#[tokio::test]
async fn every_form_of_function_is_listed() {
    const PATH: &str = module_path!();
    #[circuit_breaker]
    fn circuit() -> Result<(), Error> {
        Ok(())
    }
    #[circuit_breaker(breaker = breaker)]
    async fn given_circuit(breaker: &CircuitBreaker) -> Result<(), Error> {
        Ok(())
    }
    #[timeout(1m)]
    async fn limited() -> Result<(), Error> {
        Ok(())
    }
    #[timeout(1m)]
    fn on_a_worker() -> Result<(), Error> {
        Ok(())
    }
    #[retry]
    fn future() -> impl Future<Output = Result<(), Error>> {
        async { Ok(()) }
    }
    #[timeout(1m)]
    fn boxed() -> std::pin::Pin<Box<dyn Future<Output = Result<(), Error>>>> {
        Box::pin(async { Ok(()) })
    }
    circuit().unwrap();
    given_circuit(&CircuitBreaker::new("given", CircuitBreakerConfig::new()))
        .await
        .unwrap();
    limited().await.unwrap();
    on_a_worker().unwrap();
    future().await.unwrap();
    boxed().await.unwrap();
    let names = [
        "circuit",
        "given_circuit",
        "limited",
        "on_a_worker",
        "future",
        "boxed",
    ];
    for name in names {
        stats(&format!("{PATH}::{name}"));
    }
}

#[test]
fn the_names_are_sorted_and_each_is_there_once() {
    #[retry(operation = "statistics.sorted")]
    fn one() -> Result<(), Error> {
        Ok(())
    }
    #[retry(operation = "statistics.sorted")]
    fn two() -> Result<(), Error> {
        Ok(())
    }
    let line = line!() - 4;
    two().unwrap();
    one().unwrap();
    let listed = registry::operations();
    assert!(listed.is_sorted_by(|one, other| one.name < other.name));
    let place = stats("statistics.sorted").declared_at;
    assert_eq!(place.line(), line, "of the function that ran first");
}

#[tokio::test(start_paused = true)]
async fn retries_and_recoveries() {
    #[retry(operation = "statistics.recovered")]
    async fn fetch(answers: &Answers<Result<u32, Error>>) -> Result<u32, Error> {
        answers.next()
    }
    let answers = Answers::new(&[Err(Error::Busy), Err(Error::Busy), Ok(1)]);
    assert_eq!(fetch(&answers).await, Ok(1));
    assert_eq!(fetch(&answers).await, Ok(1));
    let counted = stats("statistics.recovered");
    assert_eq!(counts(&counted), [2, 1, 0, 0, 0]);
    assert_eq!(counted.gave_up, gave_up!());
}

#[test]
fn a_sync_function_counts_the_same_and_hooks_change_nothing() {
    #[retry(base_delay = 0s, operation = "statistics.hooked", on_retry = |_| ())]
    fn fetch(answers: &Answers<Result<u32, Error>>) -> Result<u32, Error> {
        answers.next()
    }
    let answers = Answers::new(&[Err(Error::Busy), Err(Error::Busy), Ok(1)]);
    assert_eq!((fetch(&answers), fetch(&answers)), (Ok(1), Ok(1)));
    assert_eq!(counts(&stats("statistics.hooked")), [2, 1, 0, 0, 0]);
}

#[test]
fn attempts_that_run_out() {
    #[retry(max_retries = 2, base_delay = 0s, operation = "statistics.attempts")]
    fn fetch() -> Result<(), Error> {
        Err(Error::Busy)
    }
    assert_eq!(fetch(), Err(Error::Busy));
    let counted = stats("statistics.attempts");
    assert_eq!(counts(&counted), [2, 0, 0, 0, 0]);
    assert_eq!(counted.gave_up, gave_up!(attempts: 1));
}

#[test]
fn errors_that_are_not_retried() {
    #[retry(abort_on(Error::NotFound), base_delay = 0s, operation = "statistics.not_retryable")]
    fn fetch(answers: &Answers<Result<u32, Error>>) -> Result<u32, Error> {
        answers.next()
    }
    let not_found = Err(Error::NotFound);
    assert_eq!(fetch(&Answers::new(&[not_found])), not_found);
    assert_eq!(
        fetch(&Answers::new(&[Err(Error::Busy), not_found])),
        not_found
    );
    let counted = stats("statistics.not_retryable");
    assert_eq!(counts(&counted), [1, 0, 0, 0, 0]);
    assert_eq!(counted.gave_up, gave_up!(not_retryable: 2));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_reach_max_elapsed() {
    #[retry(max_elapsed = 2s, jitter = none, operation = "statistics.elapsed")]
    async fn fetch() -> Result<(), Error> {
        Err(Error::Busy)
    }
    assert_eq!(fetch().await, Err(Error::Busy));
    let counted = stats("statistics.elapsed");
    assert_eq!(counts(&counted), [1, 0, 0, 0, 0]);
    assert_eq!(counted.gave_up, gave_up!(elapsed: 1));
}

#[test]
fn a_wait_that_would_outlast_the_deadline() {
    #[timeout(1m, mode = cooperative)]
    #[retry(base_delay = delay, max_delay = 1h, jitter = none, operation = "statistics.deadline")]
    fn fetch(delay: Duration) -> Result<(), Error> {
        Err(Error::Busy)
    }
    assert_eq!(fetch(Duration::from_secs(3600)), Err(Error::Busy));
    assert_eq!(stats("statistics.deadline").gave_up, gave_up!(deadline: 1));
}

#[test]
fn a_budget_that_is_used_up() {
    #[retry(base_delay = 0s, budget = &BUDGET, operation = "statistics.budget")]
    fn fetch() -> Result<(), Error> {
        Err(Error::Busy)
    }
    static BUDGET: RetryBudget = RetryBudget::new().ratio(1.0).min_per_second(0);
    assert_eq!((fetch(), fetch()), (Err(Error::Busy), Err(Error::Busy)));
    let counted = stats("statistics.budget");
    assert_eq!(counts(&counted), [2, 0, 0, 0, 0]);
    assert_eq!(counted.gave_up, gave_up!(budget: 2));
}

#[test]
fn a_hint_that_ends_the_retries() {
    #[retry(delay_hint = |_| RetryHint::Never, operation = "statistics.hint")]
    fn never() -> Result<(), Error> {
        Err(Error::Busy)
    }
    #[retry(delay_hint = |_| Duration::from_secs(61), operation = "statistics.hint")]
    fn too_late() -> Result<(), Error> {
        Err(Error::Busy)
    }
    assert_eq!((never(), too_late()), (Err(Error::Busy), Err(Error::Busy)));
    let counted = stats("statistics.hint");
    assert_eq!(counts(&counted), [0; 5]);
    assert_eq!(counted.gave_up, gave_up!(hint: 2));
}

#[test]
fn refusals_of_a_circuit_below_the_retry() {
    #[retry(base_delay = 1h, jitter = none, operation = "statistics.circuit_open")]
    #[circuit_breaker(failure_threshold = 1, recovery_timeout = 2h)]
    fn fetch() -> Result<(), Error> {
        Err(Error::Busy)
    }
    assert_eq!(fetch(), Err(Error::Busy), "the wait is not begun");
    assert_eq!(fetch(), Err(Error::Open), "refused");
    let counted = stats("statistics.circuit_open");
    assert_eq!(counted.gave_up, gave_up!(circuit_open: 1, refused: 1));
    assert_eq!(counts(&counted), [0; 5]);
}

#[test]
fn a_value_to_try_again_that_attempts_run_out_with_is_given_up() {
    #[retry(max_retries = 2, base_delay = 0s, retry_if_ok = |ready| !ready, operation = "statistics.values")]
    fn poll(answers: &Answers<Result<bool, Error>>) -> Result<bool, Error> {
        answers.next()
    }
    assert_eq!(poll(&Answers::new(&[Ok(true)])), Ok(true));
    assert_eq!(
        counts(&stats("statistics.values")),
        [0; 5],
        "accepted at once"
    );

    assert_eq!(poll(&Answers::new(&[Ok(false), Ok(true)])), Ok(true));
    let counted = stats("statistics.values");
    assert_eq!(
        (counts(&counted), counted.gave_up),
        ([1, 1, 0, 0, 0], gave_up!())
    );

    assert_eq!(
        poll(&Answers::new(&[Ok(false), Ok(false), Ok(true)])),
        Ok(true)
    );
    let counted = stats("statistics.values");
    assert_eq!(
        (counts(&counted), counted.gave_up),
        ([3, 2, 0, 0, 0], gave_up!())
    );

    assert_eq!(poll(&Answers::new(&[Ok(false)])), Ok(false));
    let counted = stats("statistics.values");
    assert_eq!(counts(&counted), [5, 2, 0, 0, 0]);
    assert_eq!(counted.gave_up, gave_up!(attempts: 1));
}

#[tokio::test(start_paused = true)]
async fn each_expired_timeout_of_the_stack() {
    #[timeout(5s, operation = "statistics.timeouts")]
    #[retry(max_retries = 9, base_delay = 0s)]
    #[timeout(2s, error = |_| Error::Late)]
    async fn fetch() -> Result<(), Error> {
        pending().await
    }
    assert_eq!(fetch().await, Err(Error::Late));
    let counted = stats("statistics.timeouts");
    assert_eq!(counts(&counted), [2, 0, 3, 0, 0]);
    assert_eq!(
        counted.gave_up,
        gave_up!(),
        "the outer timeout dropped the retry"
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_zero_is_a_timeout() {
    #[timeout(limit, operation = "statistics.zero")]
    async fn fetch(limit: Duration) -> Result<(), Error> {
        pending().await
    }
    assert_eq!(fetch(Duration::ZERO).await, Err(Error::Late));
    assert_eq!(counts(&stats("statistics.zero")), [0, 0, 1, 0, 0]);
}

#[test]
fn a_body_that_goes_on_without_its_caller_is_abandoned() {
    #[timeout(limit, operation = "statistics.abandoned")]
    fn hang(limit: Duration, go_on: Receiver<()>) -> Result<(), TimedOut> {
        let _ = go_on.recv();
        Ok(())
    }
    let mut calls = 0;
    let _may_go = abandon(|limit, go_on| {
        calls += 1;
        hang(limit, go_on).unwrap_err()
    });
    assert_eq!(counts(&stats("statistics.abandoned")), [0, 0, calls, 1, 0]);
}

#[test]
fn a_late_body_in_place_is_a_timeout_and_not_abandoned() {
    #[timeout(1ms, mode = cooperative, operation = "statistics.in_place")]
    fn late() -> Result<(), Error> {
        std::thread::sleep(Duration::from_millis(20));
        Ok(())
    }
    assert_eq!(late(), Err(Error::Late));
    assert_eq!(counts(&stats("statistics.in_place")), [0, 0, 1, 0, 0]);
}

#[tokio::test]
async fn a_fallback_that_answers() {
    #[circuit_breaker(failure_threshold = 1, fallback = |_| Ok(7), operation = "statistics.fallback")]
    async fn closure() -> Result<u32, Error> {
        Err(Error::Busy)
    }
    fn cached(_: &CircuitOpen) -> Result<u32, Error> {
        Ok(8)
    }
    #[circuit_breaker(name = "statistics.fallback of a path", failure_threshold = 1, fallback = cached, operation = "statistics.fallback")]
    fn path() -> Result<u32, Error> {
        Err(Error::Busy)
    }
    assert_eq!(closure().await, Err(Error::Busy));
    assert_eq!((closure().await, closure().await), (Ok(7), Ok(7)));
    assert_eq!(path(), Err(Error::Busy));
    assert_eq!(path(), Ok(8));
    assert_eq!(counts(&stats("statistics.fallback")), [0, 0, 0, 0, 3]);
}

#[test]
fn functions_of_one_name_add_up() {
    #[retry(max_retries = 1, base_delay = 0s, operation = "statistics.shared")]
    fn one() -> Result<(), Error> {
        Err(Error::Busy)
    }
    #[retry(max_retries = 2, base_delay = 0s, operation = "statistics.shared")]
    fn two() -> Result<(), Error> {
        Err(Error::Busy)
    }
    for _ in 0..2 {
        one().unwrap_err();
        two().unwrap_err();
    }
    let counted = stats("statistics.shared");
    assert_eq!(counts(&counted), [2 + 4, 0, 0, 0, 0]);
    assert_eq!(counted.gave_up, gave_up!(attempts: 4));
}

#[test]
fn threads_that_race_for_the_first_call_lose_no_count() {
    #[retry(max_retries = 1, base_delay = 0s, operation = "statistics.race")]
    fn fetch() -> Result<(), Error> {
        Err(Error::Busy)
    }
    let barrier = Arc::new(std::sync::Barrier::new(8));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            std::thread::spawn(move || {
                barrier.wait();
                fetch().unwrap_err();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let counted = stats("statistics.race");
    assert_eq!(counts(&counted), [8, 0, 0, 0, 0]);
    assert_eq!(counted.gave_up, gave_up!(attempts: 8));
}

#[tokio::test(start_paused = true)]
async fn a_shared_configuration_with_a_name_counts_for_the_function() {
    const LIMIT: TimeoutConfig =
        TimeoutConfig::new(Duration::from_secs(1)).operation("statistics.of the configuration");
    #[timeout(config = LIMIT)]
    async fn fetch() -> Result<(), Error> {
        pending().await
    }
    assert_eq!(fetch().await, Err(Error::Late));
    let counted = stats(concat!(module_path!(), "::fetch"));
    assert_eq!(counts(&counted), [0, 0, 1, 0, 0]);
    assert_eq!(registry::operation("statistics.of the configuration"), None);
}

#[test]
fn a_value_has_no_statistics() {
    let retried = RetryConfig::new()
        .base_delay(Duration::ZERO)
        .prepare(|| Err::<(), _>(Error::Busy))
        .operation("statistics.value");
    assert_eq!(retried.run(), Err(Error::Busy));
    assert_eq!(registry::operation("statistics.value"), None);
}
