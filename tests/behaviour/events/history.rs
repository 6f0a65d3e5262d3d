//! The history of a circuit by its name.

use std::{
    io,
    time::{Duration, SystemTime},
};

use resilience::{
    CircuitBreakerConfig, CircuitState, TransitionReason, circuit_breaker, events::CommandAction,
    registry,
};

#[test]
fn it_lists_what_happened_the_oldest_first() {
    #[circuit_breaker(name = "history::listed", failure_threshold = 1)]
    fn fail() -> io::Result<()> {
        Err(io::Error::other("down"))
    }
    let before = SystemTime::now();
    assert_eq!(
        registry::history("history::listed"),
        [],
        "nobody has called"
    );
    fail().unwrap_err();
    registry::isolate("history::listed");
    registry::reset("history::listed");
    let history = registry::history("history::listed");
    let (closed, open) = (CircuitState::Closed, CircuitState::Open);
    let steps: Vec<_> = history
        .iter()
        .map(|past| (past.from, past.to, past.reason))
        .collect();
    assert_eq!(
        steps,
        [
            (closed, open, TransitionReason::Failures),
            (open, open, TransitionReason::Command),
            (open, closed, TransitionReason::Command),
        ]
    );
    let errors: Vec<_> = history
        .iter()
        .map(|past| past.last_error.as_deref())
        .collect();
    assert_eq!(errors, [Some("down"), None, None]);
    let commands: Vec<_> = history
        .iter()
        .map(|past| past.command.as_ref().map(|command| command.action))
        .collect();
    assert_eq!(
        commands,
        [
            None,
            Some(CommandAction::Isolate),
            Some(CommandAction::Reset)
        ]
    );
    assert!(history.is_sorted_by_key(|past| past.at));
    assert!(
        history
            .iter()
            .all(|past| past.at >= before && past.key.is_none())
    );
}

#[test]
fn a_command_says_until_when_it_holds() {
    let config = CircuitBreakerConfig::new().recovery_timeout(Duration::from_secs(30));
    let breaker = registry::get_or_register("history::until", config);
    breaker.trip();
    breaker.isolate();
    let until: Vec<_> = registry::history("history::until")
        .into_iter()
        .map(|past| {
            let command = past.command.expect("both are commands");
            assert_eq!((command.by, command.reason), (None, None));
            command
                .until
                .map(|until| until.duration_since(past.at).unwrap())
        })
        .collect();
    assert_eq!(until, [Some(Duration::from_secs(30)), None]);
}

#[test]
fn it_keeps_the_latest_32_and_ends_with_the_circuit() {
    let breaker = registry::get_or_register("history::bounded", CircuitBreakerConfig::new());
    for _ in 0..20 {
        breaker.trip();
        breaker.reset();
    }
    breaker.trip();
    let history = registry::history("history::bounded");
    assert_eq!(history.len(), 32);
    assert_eq!(history[0].to, CircuitState::Closed);
    assert_eq!(history[31].to, CircuitState::Open);
    registry::remove("history::bounded");
    assert_eq!(registry::history("history::bounded"), []);
}

#[test]
fn a_name_with_keys_has_the_transitions_of_all_its_circuits() {
    let hosts = registry::get_or_register_family("history::hosts", CircuitBreakerConfig::new());
    hosts.circuit("one").trip();
    hosts.circuit("two").trip();
    hosts.circuit("one").reset();
    let keys: Vec<_> = registry::history("history::hosts")
        .into_iter()
        .map(|past| (past.key.expect("each has one"), past.to))
        .collect();
    let (closed, open) = (CircuitState::Closed, CircuitState::Open);
    assert_eq!(
        keys,
        [
            ("one".to_owned(), open),
            ("two".to_owned(), open),
            ("one".to_owned(), closed)
        ]
    );
}
