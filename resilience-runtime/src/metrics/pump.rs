//! One update: the statistics of the process go to the recorder.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use metrics::with_recorder;
use tracing::warn;

use super::catalogue::{LABEL_OVERFLOW, TIMEOUT_WORKERS, describe};
#[cfg(feature = "config")]
use super::file;
use super::labels::{LabelValues, warn_of_overflow};
use super::sink::{Exported, Sink, is_taken};
use super::state_time::StateTimes;
use super::{circuits, limits, operations, shared};
use crate::clock;
use crate::scope::per_scope;

per_scope! {
    /// The memory of the last update.
    static PUMP: Mutex<State> = Mutex::new(State::Unused);
}

enum State {
    /// There was no update.
    Unused,
    /// An update runs. It has the memory, so that a recorder, which is code of others, is not
    /// called under the lock.
    Updating,
    Ready(Box<Pump>),
}

/// The memory between two updates.
struct Pump {
    exported: Exported,
    is_described: bool,
    is_refusal_reported: bool,
    circuits: LabelValues,
    operations: LabelValues,
    budgets: LabelValues,
    bulkheads: LabelValues,
    limits: LabelValues,
    state_times: StateTimes,
    updated_at: Option<u64>,
}

/// Brings all metrics up to date with the statistics.
///
/// Call it before each scrape, or let [`export_every`](super::export_every) call it. Without a
/// recorder it does nothing, and the counts wait for one. It does nothing either while another
/// update runs. The state gauges of a circuit are set one
/// after the other, so a scrape at the same time may see two of them; one after the update sees
/// exactly one.
///
/// ```
/// resilience::metrics::update();
/// ```
pub fn update() {
    let before = mem::replace(&mut *lock(), State::Updating);
    let mut running = match before {
        State::Unused => Running(Some(Box::new(Pump::new()))),
        State::Updating => return,
        State::Ready(pump) => Running(Some(pump)),
    };
    if let Some(pump) = &mut running.0 {
        with_recorder(|recorder| pump.update(recorder));
    }
}

fn lock() -> MutexGuard<'static, State> {
    // Nothing panics under the lock.
    PUMP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An update that runs. Its end gives the memory back, also if the recorder panics.
struct Running(Option<Box<Pump>>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(pump) = self.0.take() {
            *lock() = State::Ready(pump);
        }
    }
}

impl Pump {
    fn new() -> Self {
        Self {
            exported: Exported::new(),
            is_described: false,
            is_refusal_reported: false,
            circuits: LabelValues::new("circuit"),
            operations: LabelValues::new("operation"),
            budgets: LabelValues::new("budget"),
            bulkheads: LabelValues::new("bulkhead"),
            limits: LabelValues::new("limit"),
            state_times: StateTimes::new(),
            updated_at: None,
        }
    }

    fn update(&mut self, recorder: &dyn metrics::Recorder) {
        if !is_taken(recorder, &TIMEOUT_WORKERS, &[("state", "busy")]) {
            if !mem::replace(&mut self.is_refusal_reported, true) {
                warn!(
                    target: "resilience",
                    "metrics: no recorder is installed, or it refuses `resilience_…`; the counts wait for one"
                );
            }
            return;
        }
        if !mem::replace(&mut self.is_described, true) {
            describe(recorder);
        }
        let now = clock::now();
        let passed = self.updated_at.map_or(0, |last| now.saturating_sub(last));
        self.updated_at = Some(now);

        let mut sink = Sink::new(recorder, &mut self.exported);
        let passed = clock::span(passed);
        circuits::export(&mut sink, &mut self.circuits, &mut self.state_times, passed);
        operations::export(&mut sink, &mut self.operations);
        shared::export_budgets(&mut sink, &mut self.budgets);
        limits::export_bulkheads(&mut sink, &mut self.bulkheads);
        limits::export_rate_limits(&mut sink, &mut self.limits);
        shared::export_workers(&mut sink);
        #[cfg(feature = "config")]
        file::export_reloads(&mut sink);
        for values in [
            &mut self.circuits,
            &mut self.operations,
            &mut self.budgets,
            &mut self.bulkheads,
            &mut self.limits,
        ] {
            if values.is_first_beyond() {
                warn_of_overflow(values.label());
            }
            let kind = [("kind", values.label())];
            sink.counter(&LABEL_OVERFLOW, &kind, values.overflow());
        }
    }
}
