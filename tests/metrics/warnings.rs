//! A wrong use of the metrics is told in the log.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use resilience::{CircuitBreakerConfig, metrics as our_metrics, registry};
use resilience_metrics_tests::Series;
use tracing::subscriber::set_default;

/// A recorder that takes nothing, as one with a filter may do.
struct Refusing;

impl Recorder for Refusing {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// The log of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Returns the lines since the last call.
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let text = String::from_utf8(bytes).expect("the log is text");
        text.lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_wrong_use_is_told() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let _subscribed = set_default(subscriber);

    for _ in 0..2 {
        with_local_recorder(&Refusing, our_metrics::update);
    }
    let refused = "WARN resilience: metrics: no recorder is installed, or it refuses \
                   `resilience_…`; the counts wait for one";
    assert_eq!(log.take(), [refused]);

    for at in 0..1_002 {
        registry::get_or_register(format!("{at:04}"), CircuitBreakerConfig::new());
    }
    for _ in 0..2 {
        with_local_recorder(&Series::default(), our_metrics::update);
    }
    let bound = "WARN resilience: metrics: the label has more than 1000 values: further ones \
                 are reported as `_other` label=\"circuit\"";
    assert_eq!(log.take(), [bound]);

    let first = our_metrics::export_every(Duration::from_secs(3_600));
    assert_eq!(log.take(), [""; 0]);
    let second = our_metrics::export_every(Duration::from_secs(3_600));
    let exporter =
        "WARN resilience: metrics: an exporter runs already: the second one does nothing";
    assert_eq!(log.take(), [exporter]);
    drop(second);
    drop(our_metrics::export_every(Duration::from_secs(3_600)));
    assert_eq!(
        log.take(),
        [exporter],
        "the end of the second one does not end the first"
    );
    drop(first);
    drop(our_metrics::export_every(Duration::from_secs(3_600)));
    assert_eq!(log.take(), [""; 0], "the first one has ended");
}
