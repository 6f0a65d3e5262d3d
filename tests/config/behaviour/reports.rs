//! The reports of faults that the program meets only when a function first runs.

use std::sync::{Arc, Mutex};

use resilience::events::{self, EventKind};

/// The reports of all faults that `run` makes known.
pub(crate) fn reports_of(run: impl FnOnce()) -> Vec<String> {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&reports);
    let subscription = events::subscribe(move |event| {
        if let EventKind::ConfigRefused { report, .. } = event.kind {
            told.lock().expect("whole").push(report.to_owned());
        }
    });
    run();
    drop(subscription);
    let reports = reports.lock().expect("whole");
    reports.clone()
}
