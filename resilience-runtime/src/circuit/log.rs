//! The events that circuits write to the log.

use std::{fmt, panic::Location, time::Duration};

use tracing::{
    error,
    field::{DisplayValue, display},
    info, warn,
};

use super::{
    command::GivenCommand,
    config::CircuitBreakerConfig,
    transition::{CircuitState, Transition},
};
use crate::{by_name::MOST_VALUES, errors::ShownKey, events::Fault, unwind::quietly};

/// The field `retry_after_ms` is a number, so that a program can compute with it. The message says
/// the same for people.
#[cold]
pub(super) fn transition(transition: &Transition) {
    let Transition {
        name: circuit,
        key,
        from,
        to,
        reason,
        failures,
        retry_after,
        last_error,
        isolated,
    } = transition;
    // The text is escaped already, so it is shown as it is.
    let error = last_error.as_deref().map(display);
    let key = shown(key.as_deref());
    match to {
        CircuitState::Open => {
            let opening = Opening {
                isolated: *isolated,
                retry_after: *retry_after,
            };
            // Nobody isolates a circuit because of the error that opened it before.
            let error = error.filter(|_| !isolated);
            let retry_after_ms = opening.ends_in().map(milliseconds);
            warn!(
                target: "resilience", circuit, key, %from, %to, %reason, failures, error, retry_after_ms,
                "circuit {opening}"
            );
        }
        CircuitState::HalfOpen | CircuitState::Closed => {
            let state = if *to == CircuitState::Closed {
                "closed"
            } else {
                "half-opened"
            };
            info!(target: "resilience", circuit, key, %from, %to, %reason, failures, "circuit {state}");
        }
    }
}

/// The opening of a circuit in words.
struct Opening {
    isolated: bool,
    retry_after: Option<Duration>,
}

impl Opening {
    /// The time after which calls may be tried again, unless the circuit stays open for ever.
    fn ends_in(&self) -> Option<Duration> {
        self.retry_after.filter(|&wait| wait != Duration::MAX)
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.isolated { "isolated" } else { "opened" })?;
        match self.ends_in() {
            Some(wait) => write!(f, ", retry in {wait:.1?}"),
            None if self.isolated => Ok(()),
            None => f.write_str(", and never probes"),
        }
    }
}

/// A circuit that admits all calls would have changed its state.
#[cold]
pub(super) fn computed(transition: &Transition) {
    let Transition {
        name: circuit,
        key,
        from,
        to,
        reason,
        failures,
        last_error,
        ..
    } = transition;
    let error = last_error.as_deref().map(display);
    let key = shown(key.as_deref());
    info!(
        target: "resilience", circuit, key, %from, %to, %reason, failures, error,
        "circuit would be {to}, but it admits all calls"
    );
}

/// The store of a fleet cannot be reached.
#[cold]
pub(super) fn fleet_degraded(fleet: &str, cause: &str) {
    quietly(|| {
        warn!(
            target: "resilience", fleet, cause,
            "the store of the fleet cannot be reached: each circuit of this process decides alone"
        );
    });
}

/// The store of a fleet can be reached again.
#[cold]
pub(super) fn fleet_restored(fleet: &str) {
    quietly(|| info!(target: "resilience", fleet, "the store of the fleet can be reached again"));
}

/// Somebody gave a circuit, or all circuits of a name with keys, a command.
#[cold]
pub(super) fn command(circuit: &str, key: Option<&str>, given: &GivenCommand) {
    let action = given.action;
    // The texts are escaped already, so they are shown as they are.
    let reason = given.reason().map(display);
    let by = given.by().map(display);
    let for_ms = given.lasts().map(milliseconds);
    let key = shown(key);
    warn!(
        target: "resilience", circuit, key, %action, reason, by, for_ms,
        "circuit gets the command {action}"
    );
}

/// The key as a field. It is absent for a circuit without a key.
fn shown(key: Option<&str>) -> Option<DisplayValue<ShownKey<'_>>> {
    key.map(ShownKey).map(display)
}

fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}

#[cold]
pub(super) fn listener_is_at_fault(transition: &Transition, fault: Fault) {
    let Transition {
        name: circuit,
        key,
        from,
        to,
        ..
    } = transition;
    let key = shown(key.as_deref());
    match fault {
        Fault::Panicked => {
            error!(target: "resilience", circuit, key, %from, %to, "a transition listener of the circuit panicked");
        }
        Fault::Slow { took } => {
            let took_ms = milliseconds(took);
            warn!(
                target: "resilience", circuit, key, %from, %to, took_ms,
                "a transition listener of the circuit took {took:.1?}, and the call waited for it"
            );
        }
    }
}

/// The oldest changes were not told, because too many wait to be told.
#[cold]
pub(super) fn changes_lost(circuit: &str, key: Option<&str>, lost: u64) {
    let key = shown(key);
    quietly(|| {
        warn!(
            target: "resilience", circuit, key, lost,
            "changes of the circuit come faster than listeners and subscribers are told of them: {lost} were not told"
        );
    });
}

/// Two source lines configure a circuit differently, so one of them has to change.
#[cold]
pub(super) fn clash(
    circuit: &str,
    declared_at: &Location<'_>,
    kept: &CircuitBreakerConfig,
    clashes_at: &Location<'_>,
    refused: &CircuitBreakerConfig,
) {
    error!(
        target: "resilience",
        circuit, %declared_at, ?kept, %clashes_at, ?refused,
        "circuit is configured twice and differently: the first configuration is kept"
    );
}

/// A circuit took another configuration.
#[cold]
pub(super) fn reconfigured(circuit: &str, config: &CircuitBreakerConfig) {
    info!(target: "resilience", circuit, ?config, "circuit reconfigured");
}

/// Reports that one source line has two values in turns, or too many, for example those of objects
/// with one name: each would reconfigure the circuit of the other.
#[cold]
pub(super) fn takes_turns(
    circuit: &str,
    declared_at: &Location<'_>,
    kept: &CircuitBreakerConfig,
    refused: &CircuitBreakerConfig,
) {
    error!(
        target: "resilience",
        circuit, %declared_at, ?kept, ?refused,
        "one source line configures the circuit with values that come back, or with more than {MOST_VALUES}: the present \
         one is kept from now on; give each object a circuit of its own by `key = …` or `breaker = …`"
    );
}

/// Two functions have one path, for example as methods of two types in one module. Nobody meant
/// them to share a circuit.
#[cold]
pub(crate) fn shared_by_default(
    circuit: &str,
    declared_at: &Location<'_>,
    shared_at: &Location<'_>,
) {
    error!(
        target: "resilience",
        circuit, %declared_at, %shared_at,
        "two functions share a circuit because neither is named and their paths are the same: give each a `name`"
    );
}

/// The names are computed from something that has no end.
#[cold]
pub(crate) fn registry_full(
    circuit: &str,
    capacity: usize,
    shared_circuits: usize,
    declared_at: &Location<'_>,
) {
    error!(
        target: "resilience",
        circuit, capacity, shared_circuits, %declared_at,
        "the registry is full: this name and all further computed names share overflow circuits"
    );
}

/// The keys of a name have no end, or a command is needed: none of its circuits can be forgotten.
#[cold]
pub(super) fn family_full(circuit: &str, key: &str, max_keys: u32, overflow: u64) {
    let key = display(ShownKey(key));
    error!(
        target: "resilience",
        circuit, key, max_keys, overflow,
        "no circuit of the name can be forgotten to make room: this key and other new ones share the overflow circuit"
    );
}

#[cold]
pub(super) fn long_key(circuit: &str, key: &str, overflow: u64) {
    let key = display(ShownKey(key));
    error!(
        target: "resilience",
        circuit, key, overflow,
        "the key is longer than 1 KiB: it shares the overflow circuit"
    );
}

/// Circuits with keys and one without a key have the same name.
#[cold]
pub(crate) fn name_of_two_kinds(
    circuit: &str,
    declared_at: &Location<'_>,
    keyed_at: &Location<'_>,
) {
    error!(
        target: "resilience",
        circuit, %declared_at, %keyed_at,
        "a circuit without keys and circuits per key have one name, and work apart from each other: give one another `name`"
    );
}

/// A circuit of the registry has the name of the circuit that keys of a family share.
#[cold]
pub(crate) fn name_of_overflow(circuit: &str, declared_at: &Location<'_>, keyed_at: &Location<'_>) {
    error!(
        target: "resilience",
        circuit, %declared_at, %keyed_at,
        "a circuit has the name of the overflow circuit of circuits per key, and they work apart from each other: give it another `name`"
    );
}

/// A subscriber for tests, which remembers events as `LEVEL target: field=value …`.
#[cfg(test)]
pub(crate) mod capture {
    use std::{
        fmt::{self, Write},
        sync::{Arc, Mutex},
    };

    use tracing::{
        Event, Metadata, Subscriber,
        field::{Field, Visit},
        span,
    };

    #[derive(Clone, Default)]
    struct Capture(Arc<Mutex<Vec<String>>>);

    /// Runs `scope` on this thread and returns the events that it wrote.
    pub(crate) fn events(scope: impl FnOnce()) -> Vec<String> {
        let capture = Capture::default();
        crate::tracing_interest::keep_events();
        tracing::subscriber::with_default(capture.clone(), scope);
        let events = capture.0.lock().expect("no test panics under it");
        events.clone()
    }

    impl Subscriber for Capture {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &Event<'_>) {
            let metadata = event.metadata();
            let mut line = Line(format!("{} {}:", metadata.level(), metadata.target()));
            event.record(&mut line);
            self.0.lock().expect("no test panics under it").push(line.0);
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            write!(self.0, " {}={value:?}", field.name()).expect("a string takes it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::breaker::CircuitBreaker, *};

    #[tokio::test(start_paused = true)]
    async fn every_step_is_one_event_with_its_fields() {
        let events = capture::events(|| {
            let config = CircuitBreakerConfig::new()
                .failure_threshold(1)
                .success_threshold(1)
                .recovery_timeout(Duration::from_millis(1));
            let breaker = CircuitBreaker::new("jira", config);
            breaker.acquire().expect("closed").success();
            breaker.acquire().expect("closed").failure();
            breaker.trip();
            breaker.isolate();
            breaker.reset();
        });
        assert_eq!(
            events,
            [
                "WARN resilience: message=circuit opened, retry in 1.0ms circuit=\"jira\" from=closed to=open \
                 reason=failures failures=1 retry_after_ms=1.0",
                "WARN resilience: message=circuit gets the command trip circuit=\"jira\" action=trip",
                "WARN resilience: message=circuit gets the command isolate circuit=\"jira\" action=isolate",
                "WARN resilience: message=circuit isolated circuit=\"jira\" from=open to=open reason=command \
                 failures=1",
                "WARN resilience: message=circuit gets the command reset circuit=\"jira\" action=reset",
                "INFO resilience: message=circuit closed circuit=\"jira\" from=open to=closed reason=command \
                 failures=0",
            ]
        );
    }

    #[test]
    fn the_error_of_the_opening_is_a_field() {
        let events = capture::events(|| {
            let config = CircuitBreakerConfig::new()
                .failure_threshold(1)
                .recovery_timeout(Duration::from_millis(1));
            let breaker = CircuitBreaker::new("jira", config);
            let permit = breaker.acquire().expect("closed");
            permit.failure_with(&"down\nWARN forged", None);
        });
        assert_eq!(
            events,
            [
                "WARN resilience: message=circuit opened, retry in 1.0ms circuit=\"jira\" from=closed to=open \
                 reason=failures failures=1 error=down\\nWARN forged retry_after_ms=1.0"
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn probing_is_information() {
        let breaker = CircuitBreaker::new("jira", CircuitBreakerConfig::new());
        breaker.trip();
        tokio::time::advance(Duration::from_secs(30)).await;
        let events = capture::events(|| drop(breaker.acquire()));
        assert_eq!(
            events,
            [
                "INFO resilience: message=circuit half-opened circuit=\"jira\" from=open to=half_open \
                 reason=recovery_elapsed failures=0"
            ]
        );
    }
}
