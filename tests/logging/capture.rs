//! A subscriber that remembers what this thread, and the workers that it calls, say under the
//! target `resilience`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Logged {
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<&'static str, Value>,
}

/// A field, by the type that it was recorded as.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(u64),
    Float(f64),
    Text(String),
    /// By its `Debug` or `Display`.
    Shown(String),
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The text of a field that is neither a number nor a text.
pub(crate) fn shown(text: &str) -> Value {
    Value::Shown(text.to_owned())
}

impl Logged {
    pub(crate) fn new<const N: usize>(
        level: Level,
        message: &str,
        fields: [(&'static str, Value); N],
    ) -> Self {
        let mut fields = BTreeMap::from(fields);
        fields.insert("message", shown(message));
        Self { level, fields }
    }
}

impl Visit for Logged {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields
            .insert(field.name(), Value::Shown(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.insert(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.insert(field.name(), value.into());
    }
}

/// Listens until it is dropped.
pub(crate) struct Capture {
    log: Log,
    _default: DefaultGuard,
}

impl Capture {
    pub(crate) fn begin() -> Self {
        let log = Log::default();
        Self {
            _default: set_default(log.clone()),
            log,
        }
    }

    /// Returns the events since the last call.
    pub(crate) fn take(&self) -> Vec<Logged> {
        std::mem::take(&mut *self.log.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Logged>>>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "resilience"
    }

    fn event(&self, event: &Event<'_>) {
        let mut logged = Logged {
            level: *event.metadata().level(),
            fields: BTreeMap::new(),
        };
        event.record(&mut logged);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(logged);
    }

    // There are no spans under the target.
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}
