use super::*;

const NONE: CircuitBreakerSettings = CircuitBreakerSettings {
    failure_threshold: None,
    failure_window: None,
    failure_rate: None,
    consecutive_failures: None,
    window_calls: None,
    minimum_calls: None,
    recovery_timeout: None,
    recovery_multiplier: None,
    max_recovery_timeout: None,
    recovery_jitter: None,
    success_threshold: None,
    half_open_max_calls: None,
    slow_call: None,
    slow_rate: None,
    max_keys: None,
    idle: None,
};

#[test]
fn a_setting_that_is_none_changes_nothing() {
    let config = CircuitBreakerConfig::new()
        .failure_rate(0.1)
        .slow_call(Duration::from_secs(9));
    assert_eq!(CircuitBreakerSettings::default(), NONE);
    assert_eq!(NONE.apply_to(config), Ok(config));
}

#[test]
fn every_setting_does_what_its_setter_does() {
    let second = Duration::from_secs(1);
    let settings = CircuitBreakerSettings {
        failure_threshold: Some(1),
        failure_window: Some(second * 2),
        minimum_calls: Some(3),
        recovery_timeout: Some(second * 4),
        recovery_multiplier: Some(1.5),
        max_recovery_timeout: Some(second * 8),
        recovery_jitter: Some(0.0),
        success_threshold: Some(5),
        half_open_max_calls: Some(6),
        slow_call: Some(second * 7),
        slow_rate: Some(0.25),
        max_keys: Some(8),
        idle: Some(second * 9),
        ..NONE
    };
    let config = CircuitBreakerConfig::new()
        .failure_threshold(1)
        .failure_window(second * 2)
        .minimum_calls(3)
        .recovery_timeout(second * 4)
        .recovery_multiplier(1.5)
        .max_recovery_timeout(second * 8)
        .recovery_jitter(0.0)
        .success_threshold(5)
        .half_open_max_calls(6)
        .slow_call(second * 7)
        .slow_rate(0.25)
        .max_keys(8)
        .idle(second * 9);
    assert_eq!(settings.apply_to(CircuitBreakerConfig::new()), Ok(config));
    let rate = CircuitBreakerSettings {
        failure_rate: Some(0.5),
        ..NONE
    };
    assert_eq!(rate.apply_to(config), Ok(config.failure_rate(0.5)));
    let consecutive = CircuitBreakerSettings {
        consecutive_failures: Some(3),
        window_calls: Some(1_024),
        ..NONE
    };
    let expected = config.consecutive_failures(3).window_calls(1_024);
    assert_eq!(consecutive.apply_to(config), Ok(expected), "slow calls");
}

#[test]
fn a_wrong_value_is_an_error_with_setting_value_and_rule() {
    const ZERO: Option<Duration> = Some(Duration::ZERO);
    type Set = fn(&mut CircuitBreakerSettings);
    let wrong: [(&str, &str, Set); 17] = [
        ("failure_threshold", "0", |s| s.failure_threshold = Some(0)),
        ("failure_window", "0ns", |s| s.failure_window = ZERO),
        ("failure_rate", "NaN", |s| s.failure_rate = Some(f64::NAN)),
        ("consecutive_failures", "0", |s| {
            s.consecutive_failures = Some(0);
        }),
        ("window_calls", "0", |s| s.window_calls = Some(0)),
        ("window_calls", "1025", |s| s.window_calls = Some(1_025)),
        ("minimum_calls", "0", |s| s.minimum_calls = Some(0)),
        ("recovery_timeout", "0ns", |s| s.recovery_timeout = ZERO),
        ("recovery_multiplier", "inf", |s| {
            s.recovery_multiplier = Some(f64::INFINITY);
        }),
        ("max_recovery_timeout", "0ns", |s| {
            s.max_recovery_timeout = ZERO;
        }),
        ("recovery_jitter", "NaN", |s| {
            s.recovery_jitter = Some(f64::NAN);
        }),
        ("success_threshold", "0", |s| s.success_threshold = Some(0)),
        ("half_open_max_calls", "0", |s| {
            s.half_open_max_calls = Some(0);
        }),
        ("slow_call", "0ns", |s| s.slow_call = ZERO),
        ("slow_rate", "-0.5", |s| s.slow_rate = Some(-0.5)),
        ("max_keys", "0", |s| s.max_keys = Some(0)),
        ("idle", "0ns", |s| s.idle = ZERO),
    ];
    for (setting, value, set) in wrong {
        let mut settings = NONE;
        set(&mut settings);
        let error = settings
            .apply_to(CircuitBreakerConfig::new())
            .expect_err(setting);
        assert_eq!((error.setting(), error.value()), (setting, value));
        assert!(error.rule().starts_with("must be "), "{}", error.rule());
    }
}

fn sentence(settings: CircuitBreakerSettings) -> String {
    let applied = settings.apply_to(CircuitBreakerConfig::new());
    applied
        .expect_err("two that exclude each other")
        .to_string()
}

#[test]
fn two_criteria_are_an_error() {
    let rate = CircuitBreakerSettings {
        failure_rate: Some(0.5),
        failure_threshold: Some(5),
        ..NONE
    };
    assert_eq!(
        sentence(rate),
        "`failure_rate` must not stand beside `failure_threshold`, because a circuit opens by one of the two; it is 0.5"
    );
    for (beside, settings) in [
        (
            "failure_threshold",
            CircuitBreakerSettings {
                failure_threshold: Some(5),
                ..NONE
            },
        ),
        (
            "failure_rate",
            CircuitBreakerSettings {
                failure_rate: Some(0.5),
                ..NONE
            },
        ),
    ] {
        let both = CircuitBreakerSettings {
            consecutive_failures: Some(3),
            ..settings
        };
        let expected = format!(
            "`consecutive_failures` must not stand beside `{beside}`, because a circuit opens by one of the two; it is 3"
        );
        assert_eq!(sentence(both), expected);
    }
}

#[test]
fn a_number_of_calls_without_a_rate_is_an_error() {
    let minimum = CircuitBreakerSettings {
        minimum_calls: Some(3),
        ..NONE
    };
    let window = CircuitBreakerSettings {
        window_calls: Some(3),
        ..NONE
    };
    let rated = CircuitBreakerConfig::new().failure_rate(0.5);
    let slow = CircuitBreakerConfig::new()
        .slow_call(Duration::from_secs(1))
        .slow_rate(0.5);
    for (setting, settings) in [("minimum_calls", minimum), ("window_calls", window)] {
        let words = format!(
            "`{setting}` belongs to `failure_rate` or `slow_rate`: add one, like 0.5, or leave `{setting}` out; it is 3"
        );
        assert_eq!(sentence(settings), words);
        let threshold = CircuitBreakerSettings {
            failure_threshold: Some(5),
            ..settings
        };
        assert_eq!(threshold.apply_to(rated).unwrap_err().to_string(), words);
        assert!(settings.apply_to(rated).is_ok());
        assert!(threshold.apply_to(slow).is_ok());
    }
}

#[test]
fn a_share_of_slow_calls_without_slow_calls_is_an_error() {
    let share = CircuitBreakerSettings {
        slow_rate: Some(0.5),
        ..NONE
    };
    assert_eq!(
        sentence(share),
        "`slow_rate` belongs to `slow_call`: add one, like 2s, or leave `slow_rate` out; it is 0.5"
    );
    let config = CircuitBreakerConfig::new().slow_call(Duration::from_secs(1));
    assert_eq!(share.apply_to(config), Ok(config.slow_rate(0.5)));
}

#[test]
fn a_window_without_effect_is_an_error() {
    let window = CircuitBreakerSettings {
        failure_window: Some(Duration::from_secs(1)),
        ..NONE
    };
    let calls = CircuitBreakerSettings {
        window_calls: Some(10),
        ..window
    };
    assert_eq!(
        sentence(calls),
        "`failure_window` must not stand beside `window_calls`, because a window is a time or a number of calls; it is 1s"
    );
    let consecutive = CircuitBreakerSettings {
        consecutive_failures: Some(3),
        ..window
    };
    assert_eq!(
        sentence(consecutive),
        "`failure_window` must not stand beside `consecutive_failures` without a `slow_rate`, because failures in a row \
         have no window; it is 1s"
    );
    let with_slow_rate = CircuitBreakerSettings {
        slow_call: Some(Duration::from_secs(1)),
        slow_rate: Some(0.5),
        ..consecutive
    };
    assert!(with_slow_rate.apply_to(CircuitBreakerConfig::new()).is_ok());
}

#[test]
fn what_is_above_its_cap_is_capped() {
    let settings = CircuitBreakerSettings {
        failure_rate: Some(0.5),
        window_calls: Some(10),
        minimum_calls: Some(50),
        recovery_timeout: Some(Duration::from_secs(60)),
        max_recovery_timeout: Some(Duration::from_secs(5)),
        ..NONE
    };
    let config = settings
        .apply_to(CircuitBreakerConfig::new())
        .expect("all have a meaning");
    assert_eq!(config.get_minimum_calls(), 10);
    assert_eq!(config.get_max_recovery_timeout(), Duration::from_secs(5));
}
