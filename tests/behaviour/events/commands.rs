//! The events of commands, of their ends, and of circuits that admit all calls.

#![expect(
    clippy::unchecked_time_subtraction,
    reason = "a time below zero is a mistake of the test, and panics"
)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, Command,
    events::{self, EventKind},
    registry,
};
use tokio::time::advance;

use super::hear;

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(1)
    .recovery_timeout(Duration::from_secs(30));
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_command_is_one_event_and_its_end_only_a_change() {
    const NAME: &str = "event_commands::ends";
    let heard = hear(NAME);
    let breaker = CircuitBreaker::new(NAME, CONFIG);
    breaker.isolate_with(Command::new("test").for_(MINUTE));
    assert_eq!(heard.take(), ["command isolate", "closed -> open: command"]);
    breaker.isolate_with(Command::new("again").for_(MINUTE));
    assert_eq!(heard.take(), ["command isolate"], "it changes no state");
    advance(MINUTE).await;
    assert_eq!(heard.take(), [""; 0], "nobody has called");
    breaker.acquire().unwrap().success();
    assert_eq!(heard.take(), ["open -> closed: command"]);

    breaker.isolate_with(Command::new("test").for_(MINUTE));
    advance(MINUTE).await;
    heard.take();
    breaker.trip();
    assert_eq!(
        heard.take(),
        [
            "open -> closed: command",
            "command trip",
            "closed -> open: command"
        ],
        "the end of the isolation comes before the next command"
    );
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_admits_all_calls_tells_of_no_change() {
    const NAME: &str = "event_commands::allowed";
    let heard = hear(NAME);
    let breaker = CircuitBreaker::new(NAME, CONFIG);
    let transitions = Arc::new(Mutex::new(0));
    breaker.on_transition({
        let transitions = Arc::clone(&transitions);
        move |_| *transitions.lock().unwrap() += 1
    });
    breaker.allow_with(Command::new("test").for_(MINUTE));
    breaker.acquire().unwrap().failure();
    breaker.acquire().unwrap().success();
    assert_eq!(heard.take(), ["command allow"]);
    assert_eq!(*transitions.lock().unwrap(), 0);
    advance(MINUTE - Duration::from_secs(5)).await;
    breaker.acquire().unwrap().failure();
    advance(Duration::from_secs(5)).await;
    breaker.acquire().unwrap_err();
    assert_eq!(
        heard.take(),
        ["closed -> open: command", "refused, retry after Some(25s)"]
    );
    breaker.set_enforced(false);
    assert_eq!(heard.take(), ["open -> closed: config"]);
    assert_eq!(*transitions.lock().unwrap(), 2);
}

#[test]
fn the_event_has_the_reason_and_the_actor() {
    const NAMES: [&str; 2] = ["event_commands::texts", "event_commands::texts_of_keys"];
    let heard = Arc::new(Mutex::new(Vec::new()));
    let subscription = events::subscribe({
        let heard = Arc::clone(&heard);
        move |event| match &event.kind {
            EventKind::Command {
                circuit,
                action,
                by,
                reason,
                ..
            } if NAMES.contains(circuit) => {
                let texts = [by.unwrap_or("-"), reason.unwrap_or("-")].join(" ");
                heard
                    .lock()
                    .unwrap()
                    .push(format!("{circuit} {action} {texts}"));
            }
            EventKind::StateChanged {
                circuit, isolated, ..
            } if NAMES.contains(circuit) => {
                heard
                    .lock()
                    .unwrap()
                    .push(format!("{circuit} isolated: {isolated}"));
            }
            _ => {}
        }
    });
    let [name, name_with_keys] = NAMES;
    registry::get_or_register(name, CONFIG).isolate_with(Command::new("why").by("who"));
    let hosts = registry::get_or_register_family(name_with_keys, CONFIG);
    hosts.acquire(1).unwrap().success();
    hosts.acquire(2).unwrap().success();
    hosts.trip_with(Command::new("why").by("who"));
    hosts.allow();
    drop(subscription);
    assert_eq!(
        *heard.lock().unwrap(),
        [
            "event_commands::texts isolate who why",
            "event_commands::texts isolated: true",
            "event_commands::texts_of_keys trip who why",
            "event_commands::texts_of_keys isolated: false",
            "event_commands::texts_of_keys isolated: false",
            "event_commands::texts_of_keys allow - -",
            "event_commands::texts_of_keys isolated: false",
            "event_commands::texts_of_keys isolated: false",
        ]
    );
}
