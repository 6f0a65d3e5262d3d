//! Where the numbers of one update go: the recorder of the program.

use std::cell::Cell;
use std::time::Duration;

use metrics::{IntoF64, Level, Metadata, Recorder};

use super::series::{CountedKey, CounterSeries, GaugeSeries, Kept};

/// The recorder of one update.
pub(super) struct Sink<'a> {
    recorder: &'a dyn Recorder,
    handles: Handles,
}

/// The use of the handles of the last update. A handle is used again only to tell the recorder what
/// it knows already, and only while the recorder has the series. A recorder may forget a series
/// that was idle, and what is told to its handle is lost then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handles {
    /// The recorder is not the one of the process.
    NotKept,
    /// The recorder is asked for all handles, and they are kept.
    Renewed,
    /// The recorder is asked for those of the series that have changed.
    Kept,
}

impl<'a> Sink<'a> {
    pub(super) fn new(recorder: &'a dyn Recorder, handles: Handles) -> Self {
        Self { recorder, handles }
    }

    /// Brings a counter to `total`. The recorder is told the increment, because bridges to other
    /// libraries know no absolute values. A total that is smaller than the last one belongs to a
    /// thing that was removed and made again.
    pub(super) fn counter(&self, series: &mut CounterSeries, total: u64) {
        let change = total.checked_sub(series.exported).unwrap_or(total);
        if let (Some(kept), 0, Handles::Kept) = (series.kept(), change, self.handles) {
            // The recorder sees that the series is in use.
            kept.increment(0);
        } else {
            let counter = self
                .recorder
                .register_counter(&series.key.shared, &METADATA);
            counter.increment(change);
            series.kept = self.keep(counter, &series.key);
        }
        // A recorder that panics has not been told, so the next update tells the change again.
        series.exported = total;
    }

    /// Brings a counter of seconds to `total`. The counter has whole seconds, and the rest is in
    /// the total of the next update.
    pub(super) fn seconds(&self, series: &mut CounterSeries, total: Duration) {
        self.counter(series, total.as_secs());
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float, and exact up to 2⁵³"
    )]
    pub(super) fn gauge(&self, series: &mut GaugeSeries, value: u64) {
        self.share(series, value as f64);
    }

    pub(super) fn share(&self, series: &mut GaugeSeries, value: f64) {
        let is_unchanged = series.value == Some(value.to_bits());
        if let (Some(kept), true, Handles::Kept) = (series.kept(), is_unchanged, self.handles) {
            kept.set(value);
            return;
        }
        let gauge = self.recorder.register_gauge(&series.key.shared, &METADATA);
        gauge.set(value);
        series.value = Some(value.to_bits());
        series.kept = self.keep(gauge, &series.key);
    }

    fn keep<H>(&self, handle: H, key: &CountedKey) -> Option<Kept<H>> {
        let keeps = self.handles != Handles::NotKept;
        keeps.then(|| Kept::new(handle, key)).flatten()
    }
}

/// True if the recorder takes this gauge. Without a recorder, and if it refuses the metrics of this
/// library, nobody does. The key is that of the series, because a recorder keeps a clone of the key
/// that it was asked with first.
pub(super) fn is_taken(recorder: &dyn Recorder, series: &mut GaugeSeries) -> bool {
    if series.kept().is_none() {
        // The question gives the key another holder, so the handle would seem to be alive again.
        series.kept = None;
    }
    let asked = Cell::new(false);
    let gauge = recorder.register_gauge(&series.key.shared, &METADATA);
    // A handle that does nothing does not ask for the value.
    gauge.increment(Asked(&asked));
    asked.get()
}

/// A change of nothing that notes that it was asked for.
struct Asked<'a>(&'a Cell<bool>);

impl IntoF64 for Asked<'_> {
    fn into_f64(self) -> f64 {
        self.0.set(true);
        0.0
    }
}

pub(super) static METADATA: Metadata<'static> =
    Metadata::new("resilience", Level::INFO, Some("resilience"));
