//! The description of a stack: its policies from top to bottom, with values and their sources.

use std::time::Duration;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, PolicyDescription, ResolvedSetting,
    RetryConfig, Source, TimedOut, TimeoutConfig, circuit_breaker, registry, retry, timeout,
};

#[derive(Debug)]
struct Error;

impl From<CircuitOpen> for Error {
    fn from(_: CircuitOpen) -> Self {
        Self
    }
}

impl From<TimedOut> for Error {
    fn from(_: TimedOut) -> Self {
        Self
    }
}

#[track_caller]
fn stack(name: &str) -> Vec<PolicyDescription> {
    let stats = registry::operation(name).unwrap_or_else(|| panic!("{name} has not run"));
    for policy in &stats.stack {
        assert!(
            policy
                .settings
                .iter()
                .all(|setting| setting.policy == policy.policy)
        );
    }
    stats.stack
}

#[track_caller]
fn setting<'a>(policy: &'a PolicyDescription, name: &str) -> &'a ResolvedSetting {
    let mut settings = policy.settings.iter();
    settings
        .find(|setting| setting.setting == name)
        .unwrap_or_else(|| panic!("no {name} in {policy:?}"))
}

/// The setting and its value, and the line of the attribute or of `config =` that sets it.
fn lines(policy: &PolicyDescription) -> Vec<(&str, &str, Option<u32>)> {
    let settings = policy.settings.iter();
    settings
        .map(|setting| {
            let line = match &setting.source {
                Source::Attribute { file, line } | Source::Config { file, line } => {
                    assert_eq!(*file, file!());
                    Some(*line)
                }
                Source::Default => None,
                source => panic!("{source:?}"),
            };
            (setting.setting, setting.value.as_str(), line)
        })
        .collect()
}

#[tokio::test]
async fn each_policy_has_its_settings_and_the_line_that_sets_them() {
    #[retry(max_retries = 5, base_delay = 250ms, operation = "stack.three")]
    #[circuit_breaker(name = "stack.circuit", failure_threshold = 3)]
    #[timeout(2s)]
    async fn fetch() -> Result<(), Error> {
        Ok(())
    }
    let top = line!() - 6;
    fetch().await.unwrap();
    let described = stack("stack.three");
    let [retry, circuit, timeout] = &described[..] else {
        panic!("{described:?}")
    };
    assert_eq!(retry.policy, "retry");
    assert_eq!(
        lines(retry),
        [
            ("max_retries", "5", Some(top)),
            ("strategy", "exponential", None),
            ("base_delay", "250ms", Some(top)),
            ("max_delay", "60s", None),
            ("multiplier", "2.0", None),
            ("jitter", "full", None),
            ("max_elapsed", "none", None),
            ("retry_refused", "false", None),
            ("budget", "none", None),
        ]
    );
    assert_eq!(circuit.policy, "circuit_breaker");
    assert_eq!(
        lines(circuit)[..3],
        [
            ("name", "stack.circuit", Some(top + 1)),
            ("failure_threshold", "3", Some(top + 1)),
            ("failure_window", "60s", None),
        ]
    );
    assert_eq!(setting(circuit, "recovery_timeout").value, "30s");
    assert_eq!(setting(circuit, "slow_call").value, "none");
    assert_eq!(timeout.policy, "timeout");
    assert_eq!(
        lines(timeout),
        [("limit", "2s", Some(top + 2)), ("message", "none", None)]
    );
}

#[test]
fn options_are_named_as_they_are_written() {
    #[retry(
        max_attempts = 2,
        strategy = linear,
        jitter = none,
        max_elapsed = 1m30s,
        retry_refused = true,
        budget = "stack.budget",
        operation = "stack.written"
    )]
    #[circuit_breaker(failure_rate = 0.5, minimum_calls = 7, slow_call = 2s)]
    #[timeout(1m, mode = cooperative, message = "too slow")]
    fn fetch() -> Result<(), Error> {
        Ok(())
    }
    fetch().unwrap();
    let described = stack("stack.written");
    let [retry, circuit, timeout] = &described[..] else {
        panic!("{described:?}")
    };
    for (name, value) in [
        ("max_attempts", "2"),
        ("strategy", "linear"),
        ("jitter", "none"),
        ("max_elapsed", "90s"),
        ("retry_refused", "true"),
        ("budget", "stack.budget"),
    ] {
        let setting = setting(retry, name);
        assert_eq!(setting.value, value, "{name}");
        assert!(matches!(setting.source, Source::Attribute { .. }), "{name}");
    }
    let names = |policy: &PolicyDescription| -> Vec<_> {
        policy
            .settings
            .iter()
            .map(|setting| setting.setting)
            .collect()
    };
    assert!(!names(retry).contains(&"max_retries"));
    assert!(!names(circuit).contains(&"failure_threshold"));
    assert_eq!(setting(circuit, "failure_rate").value, "0.5");
    assert_eq!(setting(circuit, "minimum_calls").value, "7");
    assert_eq!(setting(circuit, "slow_call").value, "2s");
    let name = setting(circuit, "name");
    assert_eq!(
        (name.value.as_str(), &name.source),
        ("stack.written", &Source::Default)
    );
    assert_eq!(setting(timeout, "mode").value, "cooperative");
    assert_eq!(setting(timeout, "message").value, "too slow");
}

#[tokio::test]
async fn a_value_of_each_call_is_computed() {
    #[retry(max_retries = 2, base_delay = delay, operation = "stack.computed")]
    #[timeout(limit)]
    async fn fetch(delay: Duration, limit: Duration) -> Result<(), Error> {
        Ok(())
    }
    fetch(Duration::ZERO, Duration::from_secs(1)).await.unwrap();
    let described = stack("stack.computed");
    assert_eq!(setting(&described[0], "max_retries").value, "2");
    for (policy, name) in [(0, "base_delay"), (1, "limit")] {
        let setting = setting(&described[policy], name);
        assert_eq!(setting.value, "computed");
        assert!(matches!(setting.source, Source::Attribute { .. }));
    }
}

#[test]
fn a_constant_configuration_is_the_source_of_its_values() {
    const RETRY: RetryConfig = RetryConfig::new().max_retries(7);
    const LIMIT: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(3));
    #[retry(config = RETRY, base_delay = 0s, operation = "stack.constant")]
    #[timeout(config = LIMIT, mode = cooperative)]
    fn fetch() -> Result<(), Error> {
        Ok(())
    }
    let top = line!() - 5;
    fetch().unwrap();
    let described = stack("stack.constant");
    let retries = setting(&described[0], "max_retries");
    assert_eq!(retries.value, "7");
    assert_eq!(
        retries.source,
        Source::Config {
            file: file!(),
            line: top
        }
    );
    let base = setting(&described[0], "base_delay");
    assert_eq!(
        base.source,
        Source::Attribute {
            file: file!(),
            line: top
        }
    );
    let limit = setting(&described[1], "limit");
    assert_eq!(limit.value, "3s");
    assert_eq!(
        limit.source,
        Source::Config {
            file: file!(),
            line: top + 1
        }
    );
}

#[test]
fn a_configuration_of_run_time_is_computed() {
    #[retry(config = config, max_retries = 1, operation = "stack.run_time")]
    #[circuit_breaker(breaker = breaker)]
    fn fetch(config: RetryConfig, breaker: &CircuitBreaker) -> Result<(), Error> {
        Ok(())
    }
    let breaker = CircuitBreaker::new("stack.given", CircuitBreakerConfig::new());
    fetch(RetryConfig::new(), &breaker).unwrap();
    let described = stack("stack.run_time");
    let retries = setting(&described[0], "max_retries");
    assert_eq!(retries.value, "1");
    assert!(matches!(retries.source, Source::Attribute { .. }));
    let base = setting(&described[0], "base_delay");
    assert_eq!(base.value, "computed");
    assert!(matches!(base.source, Source::Config { .. }));
    for setting in &described[1].settings {
        assert_eq!(setting.value, "computed", "{setting:?}");
    }
}

#[test]
fn a_constant_of_the_type_is_computed_because_each_instance_has_its_own() {
    struct Service<const N: u32>;
    impl<const N: u32> Service<N> {
        const LIMIT: Duration = Duration::from_secs(60);

        #[retry(max_retries = N, base_delay = 0s, operation = "stack.generic")]
        #[timeout(Self::LIMIT, mode = cooperative)]
        fn fetch(&self) -> Result<(), Error> {
            Ok(())
        }
    }
    Service::<2>.fetch().unwrap();
    let described = stack("stack.generic");
    assert_eq!(setting(&described[0], "base_delay").value, "0ns");
    assert_eq!(setting(&described[1], "limit").value, "computed");
}

#[tokio::test]
async fn a_circuit_of_a_key_and_functions_that_return_futures() {
    #[circuit_breaker(name = "stack.keyed", key = tenant, max_keys = 10, operation = "stack.keyed")]
    fn fetch(tenant: &str) -> impl Future<Output = Result<(), Error>> {
        async { Ok(()) }
    }
    fetch("a").await.unwrap();
    let described = stack("stack.keyed");
    assert_eq!(setting(&described[0], "key").value, "computed");
    assert_eq!(setting(&described[0], "max_keys").value, "10");
    assert_eq!(setting(&described[0], "idle").value, "600s");
}

#[test]
fn each_instance_of_a_generic_name_has_the_stack() {
    struct Db;
    impl Db {
        const NAME: &str = "stack.instance";

        #[retry(max_retries = 4, operation = Self::NAME)]
        #[circuit_breaker(name = Self::NAME)]
        fn query(&self) -> Result<(), Error> {
            Ok(())
        }
    }
    Db.query().unwrap();
    let described = stack(Db::NAME);
    assert_eq!(setting(&described[0], "max_retries").value, "4");
    assert_eq!(setting(&described[1], "name").value, "computed");
}

#[test]
fn the_same_policy_twice_is_described_twice() {
    #[timeout(1m, mode = cooperative, operation = "stack.twice")]
    #[retry(max_retries = 2)]
    #[timeout(1s, mode = cooperative)]
    fn fetch() -> Result<(), Error> {
        Ok(())
    }
    fetch().unwrap();
    let described = stack("stack.twice");
    let policies: Vec<_> = described.iter().map(|policy| policy.policy).collect();
    assert_eq!(policies, ["timeout", "retry", "timeout"]);
    assert_eq!(setting(&described[0], "limit").value, "60s");
    assert_eq!(setting(&described[2], "limit").value, "1s");
}

#[test]
fn a_reconfigured_circuit_was_described_by_its_attribute() {
    #[retry(max_retries = 1, operation = "stack.reconfigured")]
    #[circuit_breaker(name = "stack::reconfigured", failure_threshold = 7)]
    fn single() -> Result<(), std::io::Error> {
        Ok(())
    }
    #[circuit_breaker(name = "stack::reconfigured_keys", key = key, max_keys = 9, operation = "stack.reconfigured_keys")]
    fn keyed(key: u32) -> Result<(), std::io::Error> {
        let _ = key;
        Ok(())
    }
    single().unwrap();
    keyed(1).unwrap();
    let circuit = resilience::registry::get("stack::reconfigured").unwrap();
    circuit.reconfigure(circuit.config().failure_threshold(3));
    let family = resilience::registry::get_or_register_family(
        "stack::reconfigured_keys",
        resilience::CircuitBreakerConfig::new().max_keys(9),
    );
    family.reconfigure(family.config().max_keys(5));

    let setting = |operation: &str, policy: &str, setting: &str| {
        let stats = resilience::registry::operation(operation).unwrap();
        let mut settings = stats.stack.into_iter().flat_map(|policy| policy.settings);
        let found = settings.find(|it| it.policy == policy && it.setting == setting);
        found.map(|it| (it.value, it.source))
    };
    let by_hand = |value: &str| Some((value.to_owned(), Source::Reconfigured));
    let circuit = |name| setting("stack.reconfigured", "circuit_breaker", name);
    assert_eq!(circuit("failure_threshold"), by_hand("3"));
    assert_eq!(circuit("recovery_timeout"), by_hand("30s"));
    let (name, source) = circuit("name").unwrap();
    assert_eq!(name, "stack::reconfigured");
    assert!(matches!(source, Source::Attribute { .. }));
    let (retries, source) = setting("stack.reconfigured", "retry", "max_retries").unwrap();
    assert_eq!(retries, "1");
    assert!(
        matches!(source, Source::Attribute { .. }),
        "the retry is as it was"
    );
    assert_eq!(
        setting("stack.reconfigured_keys", "circuit_breaker", "max_keys"),
        by_hand("5")
    );
    assert!(setting("stack.reconfigured_keys", "circuit_breaker", "key").is_some());
}
