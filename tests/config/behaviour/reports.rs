//! The reports of faults that the program meets only when a function first runs, and the log.

use std::io::{self, Write};
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

/// The text of a log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("whole").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The parts of the log that `run` writes and that contain `words`, each from its level on.
pub(crate) fn log_of(words: &str, run: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, run);
    let text = String::from_utf8(log.0.lock().expect("whole").clone()).expect("UTF-8");
    let lines = text.lines().filter(|line| line.contains(words));
    lines.map(|line| line.trim_start().to_owned()).collect()
}
