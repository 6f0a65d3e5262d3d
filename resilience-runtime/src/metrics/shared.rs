//! The metrics of the things that operations share: budgets and workers.

use super::catalogue::{BUDGET_AVAILABLE, BUDGET_RETRIES, TIMEOUT_WORKERS};
use super::labels::{LabelValues, OTHER};
use super::sink::Sink;
use crate::{budget, timeout::worker_limit, worker_stats};

pub(super) fn export_budgets(sink: &mut Sink<'_>, values: &mut LabelValues) {
    let (mut granted, mut refused) = (0, 0);
    for stats in budget::all_stats() {
        if values.bounded(&stats.name) == OTHER {
            granted += stats.retries;
            refused += stats.refused;
            continue;
        }
        retries(sink, &stats.name, stats.retries, stats.refused);
        sink.gauge(
            &BUDGET_AVAILABLE,
            &[("budget", &stats.name)],
            stats.available,
        );
    }
    if granted + refused > 0 {
        retries(sink, OTHER, granted, refused);
    }
}

fn retries(sink: &mut Sink<'_>, name: &str, granted: u64, refused: u64) {
    for (outcome, count) in [("granted", granted), ("refused", refused)] {
        sink.counter(
            &BUDGET_RETRIES,
            &[("budget", name), ("outcome", outcome)],
            count,
        );
    }
}

pub(super) fn export_workers(sink: &mut Sink<'_>) {
    let pool = worker_stats();
    let states = [
        ("busy", pool.live.saturating_sub(pool.idle)),
        ("idle", pool.idle),
        ("abandoned", pool.abandoned_running),
        ("limit", worker_limit()),
    ];
    for (state, workers) in states {
        let workers = u64::try_from(workers).unwrap_or(u64::MAX);
        sink.gauge(&TIMEOUT_WORKERS, &[("state", state)], workers);
    }
}
