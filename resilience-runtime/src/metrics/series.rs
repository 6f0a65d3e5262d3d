//! The series of each thing, with what the recorder was told last.

use std::collections::HashMap;
use std::sync::Arc;

use metrics::{Counter, Gauge, Key, Label};

use super::catalogue::Metric;

/// The labels of a series.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

/// The key of a series. It shares the text of a label with all of its clones, so that the holders
/// of the text are counted: `shared`, `text`, and the recorder for as long as it has the series.
pub(super) struct CountedKey {
    pub(super) shared: Key,
    text: Arc<str>,
}

impl CountedKey {
    /// `shared` and `text`.
    const OWN_HOLDERS: usize = 2;

    pub(super) fn new(metric: &Metric, labels: Labels<'_>) -> Self {
        let texts: Vec<Arc<str>> = labels.iter().map(|(_, value)| Arc::from(*value)).collect();
        let labels = labels.iter().zip(&texts);
        let labels: Vec<_> = labels
            .map(|((name, _), text)| Label::new(*name, Arc::clone(text)))
            .collect();
        Self {
            shared: Key::from_parts(metric.name, labels),
            text: texts.into_iter().next().unwrap_or_default(),
        }
    }

    fn holders(&self) -> usize {
        Arc::strong_count(&self.text)
    }
}

/// A handle that may be used again.
pub(super) struct Kept<H> {
    handle: H,
    /// The holders of the key when the recorder was asked for the handle.
    holders: usize,
}

impl<H> Kept<H> {
    /// Keeps a handle that the recorder was just asked for. `None` if the recorder has no clone of
    /// the key, because nothing would tell that it forgot the series.
    pub(super) fn new(handle: H, key: &CountedKey) -> Option<Self> {
        let holders = key.holders();
        (holders > CountedKey::OWN_HOLDERS).then_some(Self { handle, holders })
    }

    /// The handle. `None` if the key has lost a holder, because the recorder may have forgotten the
    /// series, and nobody would read what the handle is told.
    pub(super) fn handle(&self, key: &CountedKey) -> Option<&H> {
        (key.holders() >= self.holders).then_some(&self.handle)
    }
}

/// A counter with one set of labels.
pub(super) struct CounterSeries {
    pub(super) key: CountedKey,
    /// The total at the last update.
    pub(super) exported: u64,
    pub(super) kept: Option<Kept<Counter>>,
}

impl CounterSeries {
    pub(super) fn new(metric: &Metric, labels: Labels<'_>) -> Self {
        Self {
            key: CountedKey::new(metric, labels),
            exported: 0,
            kept: None,
        }
    }

    pub(super) fn kept(&self) -> Option<&Counter> {
        self.kept.as_ref()?.handle(&self.key)
    }
}

/// A gauge with one set of labels.
pub(super) struct GaugeSeries {
    pub(super) key: CountedKey,
    /// The bits of the value at the last update.
    pub(super) value: Option<u64>,
    pub(super) kept: Option<Kept<Gauge>>,
}

impl GaugeSeries {
    pub(super) fn new(metric: &Metric, labels: Labels<'_>) -> Self {
        Self {
            key: CountedKey::new(metric, labels),
            value: None,
            kept: None,
        }
    }

    pub(super) fn kept(&self) -> Option<&Gauge> {
        self.kept.as_ref()?.handle(&self.key)
    }
}

/// The series of all things of one kind, by the name of the thing.
pub(super) struct SeriesOf<T>(HashMap<String, T>);

impl<T> SeriesOf<T> {
    pub(super) fn new() -> Self {
        Self(HashMap::new())
    }

    /// The series of a thing, which `new` makes for a name that has none.
    pub(super) fn of(&mut self, name: &str, new: impl FnOnce(&str) -> T) -> &mut T {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), new(name));
        }
        self.0
            .get_mut(name)
            .unwrap_or_else(|| unreachable!("it was just added"))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::metrics::catalogue::TIMEOUTS;

    #[test]
    fn a_handle_is_kept_while_nobody_has_let_go_of_the_key() {
        let key = CountedKey::new(&TIMEOUTS, &[("operation", "billing")]);
        assert!(Kept::new((), &key).is_none(), "nobody has the key");
        let registry = key.shared.clone();
        let kept = Kept::new((), &key).expect("the registry has it");
        let other = key.shared.clone();
        assert!(kept.handle(&key).is_some());
        drop(other);
        assert!(kept.handle(&key).is_some(), "it came later");
        drop(registry);
        assert!(kept.handle(&key).is_none());
    }
}
