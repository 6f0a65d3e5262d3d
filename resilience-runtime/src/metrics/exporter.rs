//! The thread that updates the metrics.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::{error, warn};

use super::pump::update;

/// True while an exporter runs.
static IS_RUNNING: AtomicBool = AtomicBool::new(false);

/// The shortest time between two updates.
const SHORTEST: Duration = Duration::from_millis(10);

/// The thread of [`export_every`]. It ends when this is dropped, after a last update.
#[derive(Debug)]
#[must_use = "the export ends when the exporter is dropped"]
pub struct Exporter(Option<(Sender<()>, JoinHandle<()>)>);

/// Starts a thread that calls [`update`] now and then after each `interval`, until the exporter is
/// dropped.
///
/// An interval below 10 ms is raised to 10 ms. A second exporter does nothing, because one is
/// enough, and the log has a WARN.
///
/// ```
/// use std::time::Duration;
///
/// let exporter = resilience::metrics::export_every(Duration::from_secs(10));
/// // … the service runs …
/// drop(exporter);
/// ```
pub fn export_every(interval: Duration) -> Exporter {
    if IS_RUNNING.swap(true, Ordering::AcqRel) {
        warn!(target: "resilience", "metrics: an exporter runs already: the second one does nothing");
        return Exporter(None);
    }
    match start(interval.max(SHORTEST)) {
        Ok(thread) => Exporter(Some(thread)),
        Err(error) => {
            IS_RUNNING.store(false, Ordering::Release);
            error!(target: "resilience", %error, "metrics: the exporter's thread did not start: nothing is exported");
            Exporter(None)
        }
    }
}

fn start(interval: Duration) -> io::Result<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = mpsc::channel();
    let thread = thread::Builder::new()
        .name("res-metrics".to_owned())
        .spawn(move || {
            while {
                update();
                stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout)
            } {}
            // The last counts of a program that ends.
            update();
        })?;
    Ok((stop, thread))
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let Some((stop, thread)) = self.0.take() else {
            return;
        };
        drop(stop);
        // A panic of the recorder is in the log of the thread already.
        let _ = thread.join();
        IS_RUNNING.store(false, Ordering::Release);
    }
}
