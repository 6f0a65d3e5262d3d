//! The metrics of circuits.

use std::collections::BTreeMap;
use std::time::Duration;

use super::catalogue::{
    CIRCUIT_CALLS, CIRCUIT_FAILURE_RATE, CIRCUIT_STATE, CIRCUIT_STATE_SECONDS, CIRCUIT_TRANSITIONS,
};
use super::labels::{LabelValues, OTHER};
use super::sink::Sink;
use super::state_time::{STATES, StateTimes};
use crate::circuit::{TRANSITIONS, TransitionCounts, transition_counts};
use crate::circuit_state::CircuitState;
use crate::registry;

const OUTCOMES: [&str; 6] = [
    "success",
    "failure",
    "ignored",
    "refused",
    "abandoned",
    "late",
];

/// The numbers of the circuit of a name, or of all circuits of a name with keys.
struct Circuit {
    calls: [u64; OUTCOMES.len()],
    /// The circuits in each of [`STATES`].
    states: [u64; STATES.len()],
    /// The time since a single circuit began its state.
    in_state: Option<Duration>,
    failure_rate: Option<f64>,
    transitions: TransitionCounts,
}

/// Writes the metrics of all circuits. `passed` is the time since the last update.
pub(super) fn export(
    sink: &mut Sink<'_>,
    values: &mut LabelValues,
    times: &mut StateTimes,
    passed: Duration,
) {
    let mut others = None;
    for (name, circuit) in circuits() {
        if values.bounded(&name) == OTHER {
            others = Some(add(others, &circuit));
            continue;
        }
        counters(sink, &name, &circuit);
        gauges(sink, &name, &circuit);
        let state_times = times.entry(name.clone()).or_default();
        let times = state_times.advance(circuit.states, circuit.in_state, passed);
        for (state, time) in STATES.into_iter().zip(times) {
            let labels = [("circuit", name.as_str()), ("state", state)];
            sink.seconds(&CIRCUIT_STATE_SECONDS, &labels, time);
        }
    }
    if let Some(others) = others {
        counters(sink, OTHER, &others);
    }
}

fn counters(sink: &mut Sink<'_>, name: &str, circuit: &Circuit) {
    for (outcome, calls) in OUTCOMES.into_iter().zip(circuit.calls) {
        sink.counter(
            &CIRCUIT_CALLS,
            &[("circuit", name), ("outcome", outcome)],
            calls,
        );
    }
    for ((to, reason), count) in TRANSITIONS.into_iter().zip(circuit.transitions) {
        let labels = [("circuit", name), ("to", to), ("reason", reason)];
        sink.counter(&CIRCUIT_TRANSITIONS, &labels, count);
    }
}

fn gauges(sink: &mut Sink<'_>, name: &str, circuit: &Circuit) {
    for (state, circuits) in STATES.into_iter().zip(circuit.states) {
        sink.gauge(
            &CIRCUIT_STATE,
            &[("circuit", name), ("state", state)],
            circuits,
        );
    }
    if let Some(rate) = circuit.failure_rate {
        sink.share(&CIRCUIT_FAILURE_RATE, &[("circuit", name)], rate);
    }
}

/// The circuits that share the label [`OTHER`] have counters only.
fn add(sum: Option<Circuit>, circuit: &Circuit) -> Circuit {
    let mut sum = sum.unwrap_or(Circuit {
        calls: [0; OUTCOMES.len()],
        states: [0; STATES.len()],
        in_state: None,
        failure_rate: None,
        transitions: [0; TRANSITIONS.len()],
    });
    for (sum, calls) in sum.calls.iter_mut().zip(circuit.calls) {
        *sum += calls;
    }
    for (sum, count) in sum.transitions.iter_mut().zip(circuit.transitions) {
        *sum += count;
    }
    sum
}

/// All names, in their order.
fn circuits() -> BTreeMap<String, Circuit> {
    let single = registry::stats_by_name().into_iter().map(|stats| {
        let state = match (stats.state, stats.isolated) {
            (_, true) => 3,
            (CircuitState::Closed, _) => 0,
            (CircuitState::Open, _) => 1,
            (CircuitState::HalfOpen, _) => 2,
        };
        let mut states = [0; STATES.len()];
        states[state] = 1;
        let circuit = Circuit {
            calls: [
                stats.successes,
                stats.failures,
                stats.ignored,
                stats.refused,
                stats.abandoned,
                stats.late,
            ],
            states,
            in_state: Some(stats.time_in_state),
            failure_rate: stats.failure_rate,
            transitions: transition_counts(&stats.name),
        };
        (stats.name, circuit)
    });
    let with_keys = registry::families().into_iter().map(|stats| {
        let circuit = Circuit {
            calls: [
                stats.successes,
                stats.failures,
                stats.ignored,
                stats.refused,
                stats.abandoned,
                stats.late,
            ],
            states: [stats.closed, stats.open, stats.half_open, stats.isolated],
            in_state: None,
            failure_rate: None,
            transitions: transition_counts(&stats.name),
        };
        (stats.name, circuit)
    });
    single.chain(with_keys).collect()
}
