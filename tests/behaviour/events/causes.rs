//! Each cause gives one event, and a success at the first attempt gives none.

use std::{
    cell::Cell,
    io,
    sync::mpsc,
    time::{Duration, SystemTime},
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, RetryBudget, RetryHint, TimedOut,
    TimeoutConfig, circuit_breaker, events, registry, retry, timeout,
};

use super::hear;

/// Fails as often as the cell says.
fn fail_or<T>(failures: &Cell<u32>, value: T) -> io::Result<T> {
    match failures.get().checked_sub(1) {
        Some(left) => {
            failures.set(left);
            Err(io::Error::other("down"))
        }
        None => Ok(value),
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_tells_of_each_wait_and_of_its_end() {
    #[retry(max_retries = 2, base_delay = 1s, jitter = none)]
    async fn fetch(failures: &Cell<u32>) -> io::Result<()> {
        fail_or(failures, ())
    }
    let heard = hear(concat!(module_path!(), "::fetch"));
    fetch(&Cell::new(0)).await.unwrap();
    assert_eq!(heard.take(), [""; 0]);
    fetch(&Cell::new(9)).await.unwrap_err();
    assert_eq!(
        heard.take(),
        [
            "attempt 1: Some(\"down\"), again in 1s",
            "attempt 2: Some(\"down\"), again in 2s",
            "gave up after 3, attempts: Some(\"down\")",
        ]
    );
}

#[test]
fn a_sync_retry_tells_the_same() {
    fn is_down(error: &io::Error) -> bool {
        error.kind() != io::ErrorKind::NotFound
    }
    #[retry(max_retries = 2, base_delay = 1us, jitter = none, retry_if = is_down)]
    fn load(failures: &Cell<u32>) -> io::Result<()> {
        fail_or(failures, ())?;
        Err(io::ErrorKind::NotFound.into())
    }
    let heard = hear(concat!(module_path!(), "::load"));
    load(&Cell::new(1)).unwrap_err();
    assert_eq!(
        heard.take(),
        [
            "attempt 1: Some(\"down\"), again in 1µs",
            "gave up after 2, not_retryable: Some(\"entity not found\")",
        ]
    );
}

#[test]
fn a_retry_that_meets_an_open_circuit_gives_up_because_it_was_refused() {
    #[retry(max_retries = 3, base_delay = 1us)]
    #[resilience::circuit_breaker(name = "events::met_open")]
    fn ask() -> io::Result<()> {
        Ok(())
    }
    let of_operation = hear(concat!(module_path!(), "::ask"));
    let of_circuit = hear("events::met_open");
    ask().unwrap();
    registry::isolate("events::met_open");
    of_circuit.take();
    ask().unwrap_err();
    assert_eq!(
        of_operation.take(),
        [
            "refused, retry after None",
            "gave up after 1, refused: Some(\"circuit `events::met_open` is isolated\")",
        ]
    );
    assert_eq!(of_circuit.take(), ["refused, retry after None"]);
}

#[test]
fn each_retry_that_a_budget_refuses_is_told_once() {
    static BUDGET: RetryBudget = RetryBudget::new()
        .ratio(1.0)
        .min_per_second(0)
        .name("events::budget");
    #[retry(budget = &BUDGET, base_delay = 1us, jitter = none)]
    fn draw() -> io::Result<()> {
        Err(io::Error::other("down"))
    }
    let heard = hear(concat!(module_path!(), "::draw"));
    let refused = [
        "budget events::budget is exhausted",
        "gave up after 2, budget: Some(\"down\")",
    ];
    for _ in 0..2 {
        draw().unwrap_err();
        let told = heard.take();
        assert_eq!(told[0], "attempt 1: Some(\"down\"), again in 1µs");
        assert_eq!(told[1..], refused);
    }
    assert_eq!(BUDGET.stats().refused, 2);
}

#[test]
fn a_hint_that_ends_the_retries_is_the_reason() {
    #[retry(delay_hint = |_| RetryHint::Never)]
    fn throttled() -> io::Result<()> {
        Err(io::Error::other("busy"))
    }
    let heard = hear(concat!(module_path!(), "::throttled"));
    throttled().unwrap_err();
    assert_eq!(heard.take(), ["gave up after 1, hint: Some(\"busy\")"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_rule_that_says_no_is_the_reason_and_nothing_behind_it_is_asked() {
    const RULES: [&str; 8] = [
        "refused",
        "attempts",
        "not_retryable",
        "hint",
        "elapsed",
        "deadline",
        "circuit_open",
        "budget",
    ];
    const LONG: Duration = Duration::from_secs(3600);
    const DELAY: Duration = Duration::from_secs(1);
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.001).min_per_second(0);

    #[timeout(if no(5) { DELAY } else { LONG })]
    #[retry(
        max_retries = if no(1) { 0 } else { 9 },
        retry_if = |_| !no(2),
        delay_hint = |_| if no(3) { RetryHint::Never } else { RetryHint::Unknown },
        max_elapsed = if no(4) { DELAY } else { LONG },
        base_delay = DELAY,
        jitter = none,
        budget = &BUDGET
    )]
    #[circuit_breaker(breaker = breaker)]
    async fn ruled(no: impl Fn(usize) -> bool, breaker: &CircuitBreaker) -> io::Result<()> {
        Err(io::Error::other("down"))
    }

    let heard = hear(concat!(module_path!(), "::ruled"));
    for (first, rule) in RULES.into_iter().enumerate() {
        assert_eq!(BUDGET.stats().refused, 0, "{rule}");
        let no = move |rule| rule >= first;
        let threshold = if no(6) { 1 } else { 100 };
        let config = CircuitBreakerConfig::new().failure_threshold(threshold);
        let breaker = CircuitBreaker::new("events::ruled", config);
        if no(0) {
            breaker.isolate();
        }
        let start = tokio::time::Instant::now();
        ruled(no, &breaker).await.unwrap_err();
        assert!(start.elapsed().is_zero(), "{rule}");
        let told = heard.take();
        let end = format!("gave up after 1, {rule}: ");
        assert!(told.last().unwrap().starts_with(&end), "{told:?}");
    }
    assert_eq!(BUDGET.stats().refused, 1);
}

#[test]
fn a_call_that_succeeds_after_a_retry_recovered() {
    #[retry(max_retries = 3, base_delay = 1us, jitter = none)]
    fn flaky(failures: &Cell<u32>) -> io::Result<()> {
        fail_or(failures, ())
    }
    let heard = hear(concat!(module_path!(), "::flaky"));
    flaky(&Cell::new(2)).unwrap();
    assert_eq!(
        heard.take(),
        [
            "attempt 1: Some(\"down\"), again in 1µs",
            "attempt 2: Some(\"down\"), again in 2µs",
            "recovered after 3",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_tried_again_until_the_attempts_run_out_gives_up() {
    #[retry(max_retries = 1, base_delay = 1s, jitter = none, retry_if_ok = |left: &u32| *left > 0)]
    async fn poll_job() -> Result<u32, io::Error> {
        Ok(7)
    }
    let heard = hear(concat!(module_path!(), "::poll_job"));
    assert_eq!(poll_job().await.unwrap(), 7);
    assert_eq!(
        heard.take(),
        [
            "attempt 1: None, again in 1s",
            "gave up after 2, attempts: None",
        ]
    );
}

#[test]
fn a_fallback_says_which_refusal_it_answers() {
    #[resilience::circuit_breaker(name = "events::fell_back", fallback = |_: &CircuitOpen| Ok(0))]
    fn count_rows() -> io::Result<u32> {
        Ok(7)
    }
    assert_eq!(count_rows().unwrap(), 7);
    registry::isolate("events::fell_back");
    let heard = hear(concat!(module_path!(), "::count_rows"));
    assert_eq!(count_rows().unwrap(), 0);
    assert_eq!(
        heard.take(),
        [
            "refused, retry after None",
            "fell back: Some(\"circuit `events::fell_back` is isolated\")",
        ]
    );
}

#[tokio::test]
async fn an_async_function_is_named_when_its_circuit_refuses() {
    #[resilience::circuit_breaker(name = "events::async_refused")]
    async fn ask_async() -> io::Result<()> {
        Ok(())
    }
    ask_async().await.unwrap();
    registry::isolate("events::async_refused");
    let heard = hear(concat!(module_path!(), "::ask_async"));
    ask_async().await.unwrap_err();
    assert_eq!(heard.take(), ["refused, retry after None"]);
}

#[test]
fn the_text_of_an_error_is_escaped_and_cut() {
    #[retry(max_retries = 0)]
    fn hostile() -> Result<(), String> {
        Err(format!("a\nERROR forged {}", "x".repeat(1_000)))
    }
    let (sender, texts) = mpsc::channel();
    let subscription = events::subscribe(move |event| {
        if event.operation == Some(concat!(module_path!(), "::hostile")) {
            if let events::EventKind::GaveUp { error, .. } = event.kind {
                sender.send(error.map(str::to_owned)).unwrap();
            }
        }
    });
    hostile().unwrap_err();
    drop(subscription);
    let text = texts.recv().unwrap().expect("the error can be shown");
    assert!(text.starts_with(r"a\nERROR forged xxx"), "{text}");
    assert_eq!(text.len(), 256);
    assert!(texts.recv().is_err(), "there was one event");
}

#[tokio::test(start_paused = true)]
async fn an_async_timeout_tells_when_it_expires() {
    #[timeout(5s)]
    async fn hang() -> Result<(), TimedOut> {
        std::future::pending().await
    }
    let heard = hear(concat!(module_path!(), "::hang"));
    hang().await.unwrap_err();
    assert_eq!(heard.take(), ["timed out after 5s"]);
    let value = TimeoutConfig::new(Duration::from_secs(1)).operation("events::value");
    let heard = hear("events::value");
    value
        .run_async(std::future::pending::<()>())
        .await
        .unwrap_err();
    value.run_async(async {}).await.unwrap();
    assert_eq!(heard.take(), ["timed out after 1s"]);
    assert_eq!(value.timed_out().limit(), Duration::from_secs(1));
    assert_eq!(heard.take(), [""; 0], "an error that is made is no expiry");
}

#[test]
fn a_sync_timeout_tells_of_the_body_that_it_leaves_behind() {
    let heard = hear("events::left_behind");
    for limit in [10, 100, 1_000, 10_000].map(Duration::from_millis) {
        let (may_go, go_on) = mpsc::channel::<()>();
        let late = TimeoutConfig::new(limit)
            .operation("events::left_behind")
            .run_thread(move || go_on.recv())
            .unwrap_err();
        drop(may_go);
        let timed_out = format!("timed out after {limit:?}");
        if late.was_started() {
            assert_eq!(heard.take(), [timed_out.as_str(), "abandoned"]);
            return;
        }
        assert_eq!(heard.take(), [timed_out]);
    }
    panic!("no body begins within seconds");
}

#[test]
fn a_registration_gives_one_event_and_a_circuit_outside_of_the_registry_none() {
    let heard = hear("events::registered");
    let config = CircuitBreakerConfig::new();
    let breaker = registry::get_or_register("events::registered", config);
    registry::get_or_register("events::registered", config);
    registry::register(breaker.clone()).unwrap();
    assert_eq!(heard.take(), ["registered"]);
    registry::remove("events::registered");
    registry::register(breaker).unwrap();
    assert_eq!(heard.take(), ["registered"]);
    let heard = hear("events::outside");
    CircuitBreaker::new("events::outside", config)
        .acquire()
        .unwrap()
        .success();
    assert_eq!(heard.take(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_circuit_of_a_key_that_makes_room_is_told_before_the_new_one() {
    const IDLE: Duration = Duration::from_secs(60);
    let heard = hear("events::evicted");
    let config = CircuitBreakerConfig::new().max_keys(1).idle(IDLE);
    let hosts = registry::get_or_register_family("events::evicted", config);
    hosts.acquire("old").unwrap().success();
    hosts.acquire("old").unwrap().success();
    assert_eq!(heard.take(), ["registered"]);
    tokio::time::advance(2 * IDLE).await;
    hosts.acquire("new").unwrap().success();
    assert_eq!(heard.take(), ["evicted Some(\"old\")", "registered"]);
}

#[test]
fn an_event_has_the_moment_of_the_systems_clock() {
    let (sender, moments) = mpsc::channel();
    let _subscription = events::subscribe(move |event| {
        if super::is_of(event, "events::moment") {
            sender.send(event.at).unwrap();
        }
    });
    let before = SystemTime::now();
    CircuitBreaker::new("events::moment", CircuitBreakerConfig::new()).trip();
    let moments: Vec<_> = moments.try_iter().collect();
    assert_eq!(moments.len(), 2, "the command and the change");
    assert!(
        moments
            .iter()
            .all(|at| (before..=SystemTime::now()).contains(at))
    );
}

#[test]
fn a_bulkhead_tells_of_each_refusal() {
    #[resilience::bulkhead(1, name = "events::bulkhead", key = key)]
    fn enter(key: &str, inside: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
        assert!(!key.is_empty());
        inside()
    }
    let of_bulkhead = hear("events::bulkhead");
    let of_operation = hear(concat!(module_path!(), "::enter"));
    enter("a", &mut || Ok(())).unwrap();
    assert_eq!(of_bulkhead.take(), [""; 0]);
    enter("a", &mut || enter("a", &mut || Ok(()))).unwrap_err();
    assert_eq!(of_bulkhead.take(), ["full: Some(\"a\")"]);
    assert_eq!(of_operation.take(), ["full: Some(\"a\")"]);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_tells_of_each_refusal() {
    #[resilience::rate_limit(1, per = 1s, name = "events::rate_limit")]
    async fn ask_at_a_rate() -> io::Result<()> {
        Ok(())
    }
    let of_limit = hear("events::rate_limit");
    let of_operation = hear(concat!(module_path!(), "::ask_at_a_rate"));
    ask_at_a_rate().await.unwrap();
    assert_eq!(of_limit.take(), [""; 0]);
    ask_at_a_rate().await.unwrap_err();
    assert_eq!(of_limit.take(), ["limited for 1s"]);
    assert_eq!(of_operation.take(), ["limited for 1s"]);
}
