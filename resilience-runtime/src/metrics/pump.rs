//! One update: the statistics of the process go to the recorder.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::with_recorder;
use tracing::warn;

use super::catalogue::{LABEL_OVERFLOW, describe};
use super::circuits::{self, CircuitSeries};
#[cfg(feature = "config")]
use super::file::ReloadSeries;
use super::global_recorder::is_global;
use super::labels::{LabelValues, warn_of_overflow};
use super::limits::{self, LimiterSeries};
use super::operations::{self, OperationSeries};
use super::series::{CounterSeries, SeriesOf};
use super::shared::{self, BudgetSeries, WorkerSeries};
use super::sink::{Handles, Sink, is_taken};
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

/// The recorder is asked for all handles again after this time, because one that has clones of keys
/// elsewhere may have forgotten a series without a sign.
const RENEWED_AFTER: Duration = Duration::from_secs(60);

/// The memory between two updates.
struct Pump {
    is_described: bool,
    is_refusal_reported: bool,
    circuits: Exported<CircuitSeries>,
    operations: Exported<OperationSeries>,
    budgets: Exported<BudgetSeries>,
    bulkheads: Exported<LimiterSeries>,
    limits: Exported<LimiterSeries>,
    workers: WorkerSeries,
    #[cfg(feature = "config")]
    reloads: ReloadSeries,
    updated_at: Option<u64>,
    /// The moment of the clock at which the recorder of the process was asked for all handles.
    renewed_at: Option<u64>,
}

/// The things of one kind: the values of their label, and their series.
struct Exported<T> {
    values: LabelValues,
    series: SeriesOf<T>,
    overflow: CounterSeries,
}

impl<T> Exported<T> {
    fn new(label: &'static str) -> Self {
        Self {
            values: LabelValues::new(label),
            series: SeriesOf::new(),
            overflow: CounterSeries::new(&LABEL_OVERFLOW, &[("kind", label)]),
        }
    }

    /// Writes the metrics of the things by `export`, and the number of values beyond the bound.
    fn export(
        &mut self,
        sink: &Sink<'_>,
        export: impl FnOnce(&Sink<'_>, &mut LabelValues, &mut SeriesOf<T>),
    ) {
        export(sink, &mut self.values, &mut self.series);
        if self.values.is_first_beyond() {
            warn_of_overflow(self.values.label());
        }
        sink.counter(&mut self.overflow, self.values.overflow());
    }
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
            is_described: false,
            is_refusal_reported: false,
            circuits: Exported::new("circuit"),
            operations: Exported::new("operation"),
            budgets: Exported::new("budget"),
            bulkheads: Exported::new("bulkhead"),
            limits: Exported::new("limit"),
            workers: WorkerSeries::new(),
            #[cfg(feature = "config")]
            reloads: ReloadSeries::new(),
            updated_at: None,
            renewed_at: None,
        }
    }

    fn update(&mut self, recorder: &dyn metrics::Recorder) {
        if !is_taken(recorder, self.workers.first_mut()) {
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

        let sink = &Sink::new(recorder, self.handles(recorder, now));
        let passed = clock::span(passed);
        self.circuits.export(sink, |sink, values, series| {
            circuits::export(sink, values, series, passed);
        });
        self.operations.export(sink, operations::export);
        self.budgets.export(sink, shared::export_budgets);
        self.bulkheads.export(sink, limits::export_bulkheads);
        self.limits.export(sink, limits::export_rate_limits);
        self.workers.export(sink);
        #[cfg(feature = "config")]
        self.reloads.export(sink);
    }

    /// Says what this update does with the handles of the last one.
    fn handles(&mut self, recorder: &dyn metrics::Recorder, now: u64) -> Handles {
        if !is_global(recorder) {
            return Handles::NotKept;
        }
        let age = |at| clock::span(now.saturating_sub(at));
        if self.renewed_at.is_some_and(|at| age(at) < RENEWED_AFTER) {
            return Handles::Kept;
        }
        self.renewed_at = Some(now);
        Handles::Renewed
    }
}
