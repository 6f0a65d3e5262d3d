//! A recorder that keeps every series, so that tests can compare them with the statistics.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

/// All series by their name and labels, as in `calls_total{circuit="jira",outcome="success"}`.
#[derive(Clone, Debug, Default)]
pub struct Series(Arc<Mutex<BTreeMap<String, Arc<Number>>>>);

/// The value of a series.
#[derive(Debug, Default)]
struct Number(AtomicU64);

impl Series {
    /// Returns the value of a series, if there is one.
    ///
    /// # Panics
    ///
    /// If the value is no whole number.
    pub fn get(&self, series: &str) -> Option<u64> {
        let value = self.value(series)?;
        assert!(value.fract() == 0.0 && value >= 0.0, "{series} is {value}");
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a whole number"
        )]
        Some(value as u64)
    }

    /// Returns the value of a series, which may be a fraction.
    pub fn value(&self, series: &str) -> Option<f64> {
        let series = self.lock().get(series).cloned()?;
        Some(f64::from_bits(series.0.load(Ordering::SeqCst)))
    }

    /// Returns the names and labels of all series that begin with `start`.
    pub fn names(&self, start: &str) -> Vec<String> {
        let series = self.lock();
        let names = series.keys().filter(|name| name.starts_with(start));
        names.cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<Number>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number(&self, key: &Key) -> Arc<Number> {
        let labels: Vec<_> = key
            .labels()
            .map(|label| format!("{}=\"{}\"", label.key(), label.value()))
            .collect();
        let series = format!("{}{{{}}}", key.name(), labels.join(","));
        Arc::clone(self.lock().entry(series).or_default())
    }
}

impl Number {
    fn update(&self, change: impl Fn(f64) -> f64) {
        let change = |bits| Some(change(f64::from_bits(bits)).to_bits());
        // The closure has a value for every number.
        let _ = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, change);
    }
}

impl CounterFn for Number {
    #[expect(clippy::cast_precision_loss, reason = "no test counts that far")]
    fn increment(&self, value: u64) {
        self.update(|now| now + value as f64);
    }

    fn absolute(&self, value: u64) {
        unreachable!("bridges to other libraries know no absolute values, as in {value}");
    }
}

impl GaugeFn for Number {
    fn increment(&self, value: f64) {
        self.update(|now| now + value);
    }

    fn decrement(&self, value: f64) {
        self.update(|now| now - value);
    }

    fn set(&self, value: f64) {
        self.update(|_| value);
    }
}

/// The number and the sum of the values of a histogram.
struct Records {
    count: Arc<Number>,
    sum: Arc<Number>,
}

impl HistogramFn for Records {
    fn record(&self, value: f64) {
        self.count.update(|count| count + 1.0);
        self.sum.update(|sum| sum + value);
    }
}

impl Recorder for Series {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.number(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let labels = || key.labels().cloned().collect::<Vec<_>>();
        let part = |name| self.number(&Key::from_parts(format!("{}_{name}", key.name()), labels()));
        Histogram::from_arc(Arc::new(Records {
            count: part("count"),
            sum: part("sum"),
        }))
    }
}
