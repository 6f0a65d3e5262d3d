//! Commands with a reason and an end, `allow`, and circuits that are not enforced.

#![expect(
    clippy::unchecked_time_subtraction,
    reason = "a time below zero is a mistake of the test, and panics"
)]

use std::time::{Duration, SystemTime};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState, Command, TransitionReason, circuit_breaker,
    events::CommandAction,
    registry::{self, HealthStatus},
    retry,
};
use tokio::time::{advance, timeout};

use super::ApiError;

const RECOVERY: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_secs(60);
/// Opens with the first failure and closes with the first probe.
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .success_threshold(1)
    .recovery_timeout(RECOVERY);

fn for_a_minute() -> Command {
    Command::new("the disk is full").by("ana").for_(MINUTE)
}

/// The state that the circuit shows, and the state of its own decisions.
fn states(breaker: &CircuitBreaker) -> (CircuitState, CircuitState) {
    let stats = breaker.stats();
    (stats.state, stats.computed_state)
}

fn fail(breaker: &CircuitBreaker) {
    breaker.acquire().expect("admitted").failure();
}

fn succeed(breaker: &CircuitBreaker) {
    breaker.acquire().expect("admitted").success();
}

#[tokio::test(start_paused = true)]
async fn a_trip_holds_for_its_own_time_and_probes_then() {
    let breaker = CircuitBreaker::new("commands::trip", CONFIG);
    breaker.trip_with(for_a_minute());
    assert_eq!(states(&breaker), (CircuitState::Open, CircuitState::Closed));
    advance(MINUTE - Duration::from_nanos(1)).await;
    let refused = breaker.acquire().unwrap_err();
    assert_eq!(refused.retry_after(), Some(Duration::from_nanos(1)));
    assert!(breaker.stats().command.is_some());
    advance(Duration::from_nanos(1)).await;
    assert_eq!(
        states(&breaker),
        (CircuitState::HalfOpen, CircuitState::HalfOpen)
    );
    assert_eq!(breaker.stats().command, None);
    succeed(&breaker);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_isolation_with_an_end_leaves_the_circuit_as_a_reset_does() {
    let breaker = CircuitBreaker::new("commands::isolate", CONFIG.failure_threshold(2));
    fail(&breaker);
    breaker.isolate_with(for_a_minute());
    assert_eq!(states(&breaker), (CircuitState::Open, CircuitState::Closed));
    advance(MINUTE / 2).await;
    let refused = breaker.acquire().unwrap_err();
    assert_eq!(refused.retry_after(), Some(MINUTE / 2));
    assert_eq!(
        refused.to_string(),
        "circuit `commands::isolate` is isolated, retry in 30.0s"
    );
    let stats = breaker.stats();
    assert!(stats.isolated);
    assert_eq!(stats.retry_after, Some(MINUTE / 2));

    advance(MINUTE).await;
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.isolated), (CircuitState::Closed, false));
    assert_eq!((stats.failure_count, stats.command), (0, None));
    assert_eq!(
        stats.time_in_state,
        MINUTE / 2,
        "since the end, and not since the next call"
    );
    fail(&breaker);
    assert_eq!(
        breaker.state(),
        CircuitState::Closed,
        "the failure before does not count"
    );
    assert_eq!(breaker.stats().closed, 1);
}

#[tokio::test(start_paused = true)]
async fn an_allowed_circuit_admits_all_calls_and_goes_on_deciding() {
    let breaker = CircuitBreaker::new("commands::allow", CONFIG);
    breaker.allow_with(for_a_minute());
    fail(&breaker);
    assert_eq!(states(&breaker), (CircuitState::Closed, CircuitState::Open));
    fail(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.stats().would_refuse, 2);
    advance(RECOVERY).await;
    assert_eq!(states(&breaker).1, CircuitState::HalfOpen);
    let probe = breaker.acquire().expect("a probe");
    let beside = breaker.acquire().expect("let through beside the probe");
    assert_eq!(breaker.stats().would_refuse, 3);
    beside.success();
    assert_eq!(states(&breaker).1, CircuitState::HalfOpen, "it is no probe");
    probe.failure();
    assert_eq!(states(&breaker), (CircuitState::Closed, CircuitState::Open));

    advance(MINUTE - RECOVERY).await;
    assert_eq!(
        breaker.state(),
        CircuitState::HalfOpen,
        "the open time is over, too"
    );
    let stats = breaker.stats();
    assert_eq!((stats.successes, stats.failures, stats.refused), (2, 3, 0));
    assert_eq!(stats.opened, 0, "it has not refused anybody");
}

#[tokio::test(start_paused = true)]
async fn an_allowed_circuit_is_open_at_the_end_if_it_would_be() {
    let breaker = CircuitBreaker::new("commands::allow_open", CONFIG);
    breaker.allow_with(for_a_minute());
    advance(MINUTE - Duration::from_secs(10)).await;
    let permit = breaker.acquire().expect("admitted");
    permit.failure_with(&"down", None);
    advance(Duration::from_secs(10)).await;
    let stats = breaker.stats();
    assert_eq!(
        (stats.state, stats.last_error.as_deref()),
        (CircuitState::Open, Some("down"))
    );
    assert_eq!(stats.retry_after, Some(RECOVERY - Duration::from_secs(10)));
    let refused = breaker.acquire().unwrap_err();
    assert_eq!(refused.reason(), TransitionReason::Failures);
    assert_eq!(breaker.stats().opened, 1);
}

#[tokio::test(start_paused = true)]
async fn allow_goes_on_from_the_state_before_a_trip_or_an_isolation() {
    let breaker = CircuitBreaker::new("commands::before", CONFIG);
    fail(&breaker);
    assert_eq!(breaker.state(), CircuitState::Open);
    breaker.isolate();
    breaker.trip_with(for_a_minute());
    assert_eq!(states(&breaker), (CircuitState::Open, CircuitState::Open));
    breaker.allow();
    assert_eq!(states(&breaker), (CircuitState::Closed, CircuitState::Open));
    advance(RECOVERY).await;
    assert_eq!(
        states(&breaker).1,
        CircuitState::HalfOpen,
        "as the failure said"
    );
    breaker.reset();
    assert_eq!(breaker.stats().command, None);
    fail(&breaker);
    assert_eq!(
        breaker.state(),
        CircuitState::Open,
        "the reset ended the command"
    );
}

#[tokio::test(start_paused = true)]
async fn a_later_command_replaces_the_earlier_one_with_its_end() {
    let breaker = CircuitBreaker::new("commands::later", CONFIG);
    breaker.isolate_with(for_a_minute());
    breaker.isolate_with(Command::new("longer").for_(2 * MINUTE));
    advance(MINUTE).await;
    let stats = breaker.stats();
    assert_eq!((stats.isolated, stats.retry_after), (true, Some(MINUTE)));
    assert_eq!(stats.command.unwrap().reason.as_deref(), Some("longer"));
    breaker.isolate();
    advance(100 * MINUTE).await;
    assert!(breaker.stats().isolated, "this one has no end");
    breaker.reset_with(for_a_minute());
    assert_eq!(
        (breaker.stats().command, breaker.state()),
        (None, CircuitState::Closed)
    );
}

#[tokio::test(start_paused = true)]
async fn zero_times_and_endless_times_mean_what_they_say() {
    let breaker = CircuitBreaker::new("commands::times", CONFIG);
    let for_time = |time| Command::new("test").for_(time);
    breaker.isolate_with(for_time(Duration::ZERO));
    assert_eq!(breaker.state(), CircuitState::Closed);
    breaker.trip_with(for_time(Duration::ZERO));
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    breaker.isolate_with(for_time(Duration::MAX));
    assert_eq!(breaker.acquire().unwrap_err().retry_after(), None);
    assert_eq!(breaker.stats().command.unwrap().until, None);
    breaker.trip_with(for_time(Duration::MAX));
    assert_eq!(
        breaker.acquire().unwrap_err().retry_after(),
        Some(Duration::MAX)
    );
    // The end does not fit into the system's clock, so the record has none.
    breaker.isolate_with(for_time(Duration::from_secs(500 * 365 * 24 * 3_600)));
    assert!(breaker.acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn the_history_names_the_command_that_began_and_the_command_that_ended() {
    let breaker = registry::get_or_register("commands::history", CONFIG);
    breaker.isolate_with(for_a_minute());
    advance(MINUTE).await;
    succeed(&breaker);
    let history = registry::history("commands::history");
    let [began, ended] = &history[..] else {
        panic!("two transitions: {history:?}");
    };
    assert_eq!((began.to, began.isolated), (CircuitState::Open, true));
    assert_eq!((ended.to, ended.isolated), (CircuitState::Closed, false));
    for past in [began, ended] {
        assert_eq!(past.reason, TransitionReason::Command);
        let command = past.command.as_ref().expect("a command");
        assert_eq!(command.action, CommandAction::Isolate);
        assert_eq!(command.reason.as_deref(), Some("the disk is full"));
        assert_eq!(command.by.as_deref(), Some("ana"));
        assert_eq!(command.until, began.at.checked_add(MINUTE));
    }
}

#[test]
fn hostile_texts_are_escaped_and_cut() {
    let breaker = CircuitBreaker::new("commands::hostile", CONFIG);
    let long = "x".repeat(10_000_000);
    breaker.isolate_with(Command::new("a\nERROR forged\u{1b}[2J").by(long));
    let command = breaker.stats().command.expect("it holds");
    assert_eq!(command.reason.as_deref(), Some(r"a\nERROR forged\u{1b}[2J"));
    assert_eq!(command.by.unwrap().len(), 256);
}

#[test]
fn commands_by_an_unknown_name_do_nothing() {
    const NAME: &str = "commands::unknown";
    let command = || Command::new("a typing error");
    let answers = [
        registry::trip(NAME),
        registry::isolate(NAME),
        registry::reset(NAME),
        registry::allow(NAME),
        registry::trip_with(NAME, command()),
        registry::isolate_with(NAME, command()),
        registry::reset_with(NAME, command()),
        registry::allow_with(NAME, command()),
    ];
    assert_eq!(answers, [false; 8]);
    assert!(registry::get(NAME).is_none() && registry::family(NAME).is_none());
}

#[test]
fn commands_by_name_reach_the_circuit() {
    const NAME: &str = "commands::by_name";
    let breaker = registry::get_or_register(NAME, CONFIG);
    let action = || breaker.stats().command.map(|command| command.action);
    assert!(registry::trip_with(NAME, for_a_minute()));
    assert_eq!(action(), Some(CommandAction::Trip));
    assert!(registry::isolate_with(NAME, for_a_minute()));
    assert_eq!(action(), Some(CommandAction::Isolate));
    assert!(registry::allow_with(NAME, for_a_minute()));
    assert_eq!(action(), Some(CommandAction::Allow));
    let until = breaker.stats().command.unwrap().until.unwrap();
    assert!(until > SystemTime::now() && until <= SystemTime::now() + MINUTE);
    assert!(registry::reset_with(NAME, for_a_minute()));
    assert_eq!(action(), None);
    assert!(registry::allow(NAME));
    assert_eq!(action(), Some(CommandAction::Allow));
    registry::reset_all();
    assert_eq!(action(), None);
}

#[tokio::test(start_paused = true)]
async fn waiting_futures_see_the_end_of_a_command_come_by_time_alone() {
    let breaker = CircuitBreaker::new("commands::waiting", CONFIG);
    breaker.isolate_with(for_a_minute());
    let closed = timeout(2 * MINUTE, breaker.wait_for(CircuitState::Closed));
    assert_eq!(closed.await, Ok(CircuitState::Closed));

    breaker.allow_with(for_a_minute());
    fail(&breaker);
    advance(RECOVERY).await;
    breaker.acquire().expect("a probe").failure();
    let half_open = timeout(2 * MINUTE, breaker.wait_for(CircuitState::HalfOpen));
    assert_eq!(half_open.await, Ok(CircuitState::HalfOpen));

    breaker.reset();
    breaker.allow_with(Command::new("test").for_(RECOVERY / 2));
    fail(&breaker);
    let open = timeout(MINUTE, breaker.wait_for(CircuitState::Open));
    assert_eq!(open.await, Ok(CircuitState::Open));

    // A command that moves the end wakes the future, which then waits for the new one.
    breaker.isolate_with(for_a_minute());
    let waiting = breaker.clone();
    let closed = tokio::spawn(async move { waiting.wait_for(CircuitState::Closed).await });
    tokio::task::yield_now().await;
    breaker.isolate_with(Command::new("sooner").for_(Duration::from_secs(1)));
    assert_eq!(
        timeout(RECOVERY, closed).await.unwrap().unwrap(),
        CircuitState::Closed
    );
}

#[tokio::test(start_paused = true)]
async fn a_command_for_a_name_with_keys_holds_for_later_keys_until_its_end() {
    const NAME: &str = "commands::keys";
    let hosts = registry::get_or_register_family(NAME, CONFIG);
    hosts.acquire("old").unwrap().success();
    assert!(registry::isolate_with(NAME, for_a_minute()));
    advance(MINUTE / 2).await;
    for host in ["old", "new"] {
        let refused = hosts.acquire(host).unwrap_err();
        assert_eq!(refused.retry_after(), Some(MINUTE / 2), "{host}");
        let command = hosts.get(host).unwrap().stats().command.unwrap();
        assert_eq!(command.by.as_deref(), Some("ana"));
    }
    advance(MINUTE / 2).await;
    for host in ["old", "new", "newest"] {
        hosts.acquire(host).unwrap().success();
    }

    assert!(registry::allow(NAME));
    for host in ["old", "later"] {
        hosts.acquire(host).unwrap().failure();
        hosts.acquire(host).expect("allowed").success();
        assert_eq!(hosts.get(host).unwrap().stats().would_refuse, 1, "{host}");
    }
    assert!(registry::trip(NAME));
    assert!(hosts.acquire("later").is_err());
    hosts
        .acquire("latest")
        .expect("a trip is for the circuits that are there")
        .success();
}

#[tokio::test(start_paused = true)]
async fn a_family_that_is_allowed_still_makes_room_for_new_keys() {
    let config = CONFIG.max_keys(2).idle(MINUTE);
    let hosts = registry::get_or_register_family("commands::room", config);
    hosts.allow();
    for host in ["one", "two"] {
        hosts.acquire(host).unwrap().success();
    }
    advance(2 * MINUTE).await;
    hosts.acquire("three").unwrap().success();
    assert_eq!((hosts.stats().evicted, hosts.stats().overflow), (1, 0));
    hosts
        .get("two")
        .or(hosts.get("one"))
        .unwrap()
        .allow_with(for_a_minute());
    advance(2 * MINUTE).await;
    hosts.acquire("four").unwrap().success();
    assert_eq!(
        hosts.stats().evicted,
        2,
        "a command of its own that is over is nothing to keep"
    );
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_is_not_enforced_refuses_nobody_and_counts_whom_it_would() {
    let breaker = CircuitBreaker::new("commands::unenforced", CONFIG);
    breaker.set_enforced(false);
    for _ in 0..3 {
        fail(&breaker);
    }
    let stats = breaker.stats();
    assert_eq!(
        (stats.state, stats.computed_state),
        (CircuitState::Closed, CircuitState::Open)
    );
    assert_eq!(
        (stats.refused, stats.would_refuse, stats.failures),
        (0, 2, 3)
    );
    assert_eq!((stats.opened, stats.retry_after), (0, None));

    breaker.isolate();
    succeed(&breaker);
    let stats = breaker.stats();
    assert_eq!(
        (stats.state, stats.isolated, stats.would_refuse),
        (CircuitState::Closed, false, 3)
    );

    breaker.set_enforced(true);
    assert!(
        breaker.stats().isolated,
        "the command holds as soon as the circuit is enforced"
    );
    breaker.set_enforced(false);
    succeed(&breaker);
    breaker.reset();
    fail(&breaker);
    breaker.set_enforced(true);
    let refused = breaker.acquire().unwrap_err();
    assert_eq!(refused.retry_after(), Some(RECOVERY));
    assert_eq!(refused.reason(), TransitionReason::Failures);
}

#[tokio::test(start_paused = true)]
async fn circuits_of_later_keys_are_not_enforced_either() {
    let hosts = registry::get_or_register_family("commands::unenforced_keys", CONFIG);
    hosts.acquire("old").unwrap().failure();
    hosts.set_enforced(false);
    hosts.acquire("new").unwrap().failure();
    for host in ["old", "new"] {
        hosts.acquire(host).expect("not enforced").success();
        assert_eq!(hosts.get(host).unwrap().stats().would_refuse, 1, "{host}");
    }
    assert_eq!((hosts.stats().open, hosts.stats().closed), (0, 2));
    hosts.set_enforced(true);
    assert_eq!((hosts.stats().open, hosts.stats().closed), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retry_above_an_allowed_circuit_makes_all_its_attempts() {
    const NAME: &str = "commands::retried";
    #[retry(max_attempts = 4, base_delay = 1s, jitter = none)]
    #[circuit_breaker(name = NAME, failure_threshold = 1, recovery_timeout = RECOVERY)]
    async fn call(calls: &mut u32) -> Result<(), ApiError> {
        *calls += 1;
        Err(ApiError::Down)
    }
    registry::get_or_register(NAME, CONFIG.success_threshold(2)).allow();
    let mut calls = 0;
    assert_eq!(call(&mut calls).await, Err(ApiError::Down));
    assert_eq!(calls, 4);
    registry::reset(NAME);
    let mut calls = 0;
    assert_eq!(call(&mut calls).await, Err(ApiError::Down));
    assert_eq!(calls, 1, "a wait would end before the circuit takes a call");
}

#[tokio::test(start_paused = true)]
async fn health_lists_the_circuits_that_refuse_calls_now() {
    let names = [
        "commands::health_open",
        "commands::health_isolated",
        "commands::health_allowed",
    ];
    let [open, isolated, allowed] = names.map(|name| registry::get_or_register(name, CONFIG));
    let hosts = registry::get_or_register_family("commands::health_keys", CONFIG);
    let mine = || {
        let health = registry::health();
        let is_mine = |name: &String| name.starts_with("commands::health_");
        let open: Vec<_> = health.open.into_iter().filter(is_mine).collect();
        assert!(open.is_empty() || health.status == HealthStatus::Degraded);
        open
    };
    assert_eq!(mine(), [""; 0]);
    fail(&open);
    isolated.isolate();
    allowed.allow();
    fail(&allowed);
    hosts.acquire("up").unwrap().success();
    hosts.acquire("down").unwrap().failure();
    assert_eq!(
        mine(),
        [
            "commands::health_isolated",
            "commands::health_keys",
            "commands::health_open"
        ]
    );
    advance(RECOVERY).await;
    assert_eq!(
        mine(),
        ["commands::health_isolated"],
        "the others would probe"
    );
}
