//! The metrics of circuits.

use std::collections::BTreeMap;
use std::time::Duration;

use super::catalogue::{
    CIRCUIT_CALLS, CIRCUIT_FAILURE_RATE, CIRCUIT_STATE, CIRCUIT_STATE_SECONDS, CIRCUIT_TRANSITIONS,
};
use super::labels::{LabelValues, OTHER};
use super::series::{CounterSeries, GaugeSeries, SeriesOf};
use super::sink::Sink;
use super::state_time::{STATES, StateTime};
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

/// The series of the circuit of a name, and the time that it spent in each state.
pub(super) struct CircuitSeries {
    calls: [CounterSeries; OUTCOMES.len()],
    transitions: [CounterSeries; TRANSITIONS.len()],
    states: [GaugeSeries; STATES.len()],
    seconds: [CounterSeries; STATES.len()],
    failure_rate: GaugeSeries,
    time: StateTime,
}

impl CircuitSeries {
    fn new(name: &str) -> Self {
        let circuit = ("circuit", name);
        Self {
            calls: OUTCOMES.map(|outcome| {
                CounterSeries::new(&CIRCUIT_CALLS, &[circuit, ("outcome", outcome)])
            }),
            transitions: TRANSITIONS.map(|(to, reason)| {
                let labels = [circuit, ("to", to), ("reason", reason)];
                CounterSeries::new(&CIRCUIT_TRANSITIONS, &labels)
            }),
            states: STATES
                .map(|state| GaugeSeries::new(&CIRCUIT_STATE, &[circuit, ("state", state)])),
            seconds: STATES.map(|state| {
                CounterSeries::new(&CIRCUIT_STATE_SECONDS, &[circuit, ("state", state)])
            }),
            failure_rate: GaugeSeries::new(&CIRCUIT_FAILURE_RATE, &[circuit]),
            time: StateTime::default(),
        }
    }

    fn export_counters(&mut self, sink: &Sink<'_>, circuit: &Circuit) {
        for (series, calls) in self.calls.iter_mut().zip(circuit.calls) {
            sink.counter(series, calls);
        }
        for (series, count) in self.transitions.iter_mut().zip(circuit.transitions) {
            sink.counter(series, count);
        }
    }

    fn export(&mut self, sink: &Sink<'_>, circuit: &Circuit, passed: Duration) {
        self.export_counters(sink, circuit);
        for (series, circuits) in self.states.iter_mut().zip(circuit.states) {
            sink.gauge(series, circuits);
        }
        if let Some(rate) = circuit.failure_rate {
            sink.share(&mut self.failure_rate, rate);
        }
        let times = self.time.advance(circuit.states, circuit.in_state, passed);
        for (series, time) in self.seconds.iter_mut().zip(times) {
            sink.seconds(series, time);
        }
    }
}

/// Writes the metrics of all circuits. `passed` is the time since the last update.
pub(super) fn export(
    sink: &Sink<'_>,
    values: &mut LabelValues,
    series: &mut SeriesOf<CircuitSeries>,
    passed: Duration,
) {
    let mut others = None;
    for (name, circuit) in circuits() {
        if values.bounded(&name) == OTHER {
            others = Some(add(others, &circuit));
            continue;
        }
        let series = series.of(&name, CircuitSeries::new);
        series.export(sink, &circuit, passed);
    }
    if let Some(others) = others {
        let series = series.of(OTHER, CircuitSeries::new);
        series.export_counters(sink, &others);
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
