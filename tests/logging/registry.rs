//! The registry: ERROR when two lines configure a name differently or one line does in turns, INFO
//! when a value changes; ERROR when a listener panics.

use std::time::Duration;

use resilience::{CircuitBreakerConfig, CircuitOpen, circuit_breaker, registry};
use tracing::Level;

use crate::capture::{Capture, Logged, Value, shown};

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

/// Returns the text of a field.
fn text(event: &Logged, field: &str) -> String {
    match &event.fields[field] {
        Value::Text(text) | Value::Shown(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
    }
}

#[test]
fn a_clash_of_configurations_is_told_once_with_both_places() {
    const NAME: &str = "log_clash";
    const FIRST: u32 = line!() + 1;
    #[circuit_breaker(name = NAME, failure_threshold = 2)]
    fn first() -> Result<(), CircuitOpen> {
        Ok(())
    }
    const SECOND: u32 = line!() + 1;
    #[circuit_breaker(name = NAME, failure_threshold = 9)]
    fn second() -> Result<(), CircuitOpen> {
        Ok(())
    }
    #[circuit_breaker(name = NAME, failure_threshold = threshold)]
    fn third(threshold: u32) -> Result<(), CircuitOpen> {
        Ok(())
    }
    let capture = Capture::begin();
    assert_eq!(first(), Ok(()));
    assert_eq!(capture.take(), []);
    for _ in 0..2 {
        assert_eq!((second(), third(3)), (Ok(()), Ok(())));
        registry::get_or_register(NAME, CONFIG.failure_threshold(4));
    }
    let logged = capture.take();
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert_eq!(
        (logged[0].level, &logged[0].fields["circuit"]),
        (Level::ERROR, &NAME.into())
    );
    let place = |line: u32| format!("{}:{line}:", file!());
    assert!(
        text(&logged[0], "declared_at").starts_with(&place(FIRST)),
        "{logged:?}"
    );
    assert!(
        text(&logged[0], "clashes_at").starts_with(&place(SECOND)),
        "{logged:?}"
    );
    assert_eq!(
        logged[0].fields["kept"],
        shown(&format!("{:?}", CONFIG.failure_threshold(2)))
    );
    assert_eq!(
        logged[0].fields["refused"],
        shown(&format!("{:?}", CONFIG.failure_threshold(9)))
    );
}

#[test]
fn the_same_configuration_is_no_clash_however_it_is_written() {
    const NAME: &str = "log_same";
    #[circuit_breaker(name = NAME, recovery_timeout = 30s)]
    fn spelled_out() -> Result<(), CircuitOpen> {
        Ok(())
    }
    #[circuit_breaker(name = NAME, config = CONFIG)]
    fn by_config() -> Result<(), CircuitOpen> {
        Ok(())
    }
    #[circuit_breaker(name = NAME, recovery_timeout = Duration::from_secs(seconds))]
    fn at_run_time(seconds: u64) -> Result<(), CircuitOpen> {
        Ok(())
    }
    let capture = Capture::begin();
    assert_eq!(
        (spelled_out(), by_config(), at_run_time(30)),
        (Ok(()), Ok(()), Ok(()))
    );
    assert_eq!(capture.take(), []);
}

#[test]
fn a_value_that_changes_at_one_line_is_taken_until_an_earlier_one_returns() {
    #[circuit_breaker(name = "log_changes", failure_threshold = threshold)]
    fn call(threshold: u32) -> Result<(), CircuitOpen> {
        Ok(())
    }
    let capture = Capture::begin();
    assert_eq!((call(2), call(2)), (Ok(()), Ok(())));
    assert_eq!(capture.take(), []);
    assert_eq!((call(3), call(4)), (Ok(()), Ok(())));
    let reconfigured = |threshold| {
        let config = format!("{:?}", CONFIG.failure_threshold(threshold));
        let fields = [
            ("circuit", "log_changes".into()),
            ("config", shown(&config)),
        ];
        Logged::new(Level::INFO, "circuit reconfigured", fields)
    };
    assert_eq!(capture.take(), [reconfigured(3), reconfigured(4)]);
    assert_eq!(
        (call(2), call(4), call(5), call(3)),
        (Ok(()), Ok(()), Ok(()), Ok(()))
    );
    let logged = capture.take();
    let [turns] = &logged[..] else {
        panic!("one event, not {logged:?}")
    };
    assert_eq!(turns.level, Level::ERROR);
    assert!(
        text(turns, "message")
            .ends_with("give each object a circuit of its own by `key = …` or `breaker = …`")
    );
    assert!(text(turns, "declared_at").starts_with(file!()), "{turns:?}");
    let threshold = |field: &str| &turns.fields[field];
    assert_eq!(
        (threshold("kept"), threshold("refused")),
        (
            &shown(&format!("{:?}", CONFIG.failure_threshold(4))),
            &shown(&format!("{:?}", CONFIG.failure_threshold(2)))
        )
    );
    let stats = registry::stats("log_changes").expect("registered");
    assert_eq!(stats.failure_threshold, Some(4));
}

#[test]
fn a_listener_that_panics_is_told_behind_the_transition() {
    const NAME: &str = "log_listener";
    #[circuit_breaker(name = NAME, failure_threshold = 1, error = "refused")]
    fn call() -> Result<(), &'static str> {
        Err("down")
    }
    registry::get_or_register(NAME, CONFIG.failure_threshold(1))
        .on_transition(|_| panic!("the listener's own"));
    let capture = Capture::begin();
    assert_eq!((call(), call()), (Err("down"), Err("refused")));
    let logged = capture.take();
    assert_eq!(
        logged.iter().map(|event| event.level).collect::<Vec<_>>(),
        [Level::WARN, Level::ERROR]
    );
    assert_eq!(
        (&logged[1].fields["circuit"], &logged[1].fields["to"]),
        (&NAME.into(), &shown("open"))
    );
}
