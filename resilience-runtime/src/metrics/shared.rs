//! The metrics of the things that operations share: budgets and workers.

use super::catalogue::{BUDGET_AVAILABLE, BUDGET_RETRIES, TIMEOUT_WORKERS};
use super::labels::{LabelValues, OTHER};
use super::series::{CounterSeries, GaugeSeries, SeriesOf};
use super::sink::Sink;
use crate::{budget, timeout::worker_limit, worker_stats};

/// The series of one budget.
pub(super) struct BudgetSeries {
    granted: CounterSeries,
    refused: CounterSeries,
    available: GaugeSeries,
}

impl BudgetSeries {
    fn new(name: &str) -> Self {
        let budget = ("budget", name);
        let retries =
            |outcome| CounterSeries::new(&BUDGET_RETRIES, &[budget, ("outcome", outcome)]);
        Self {
            granted: retries("granted"),
            refused: retries("refused"),
            available: GaugeSeries::new(&BUDGET_AVAILABLE, &[budget]),
        }
    }

    fn export_retries(&mut self, sink: &Sink<'_>, granted: u64, refused: u64) {
        sink.counter(&mut self.granted, granted);
        sink.counter(&mut self.refused, refused);
    }
}

pub(super) fn export_budgets(
    sink: &Sink<'_>,
    values: &mut LabelValues,
    series: &mut SeriesOf<BudgetSeries>,
) {
    let (mut granted, mut refused) = (0, 0);
    for stats in budget::all_stats() {
        if values.bounded(&stats.name) == OTHER {
            granted += stats.retries;
            refused += stats.refused;
            continue;
        }
        let series = series.of(&stats.name, BudgetSeries::new);
        series.export_retries(sink, stats.retries, stats.refused);
        sink.gauge(&mut series.available, stats.available);
    }
    if granted + refused > 0 {
        let series = series.of(OTHER, BudgetSeries::new);
        series.export_retries(sink, granted, refused);
    }
}

/// The series of the workers, one for each state.
pub(super) struct WorkerSeries([GaugeSeries; 4]);

impl WorkerSeries {
    pub(super) fn new() -> Self {
        let states = ["busy", "idle", "abandoned", "limit"];
        Self(states.map(|state| GaugeSeries::new(&TIMEOUT_WORKERS, &[("state", state)])))
    }

    /// The series that is asked for first.
    pub(super) fn first_mut(&mut self) -> &mut GaugeSeries {
        &mut self.0[0]
    }

    pub(super) fn export(&mut self, sink: &Sink<'_>) {
        let pool = worker_stats();
        let workers = [
            pool.live.saturating_sub(pool.idle),
            pool.idle,
            pool.abandoned_running,
            worker_limit(),
        ];
        for (series, workers) in self.0.iter_mut().zip(workers) {
            sink.gauge(series, u64::try_from(workers).unwrap_or(u64::MAX));
        }
    }
}
