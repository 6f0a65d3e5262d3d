//! Keeps `tracing` from losing events in tests.
//!
//! `tracing` remembers for each event, once for the whole process, if any subscriber is interested
//! in it. While there is at most one subscriber, it asks the one of the thread that comes to the
//! event first. In another test that thread has none, and then the event is lost for all tests
//! (tokio-rs/tracing#3611). With two subscribers that are always interested, no answer is
//! remembered.

use std::sync::LazyLock;

use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber, span};

static INTERESTED: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [Dispatch::new(Interested), Dispatch::new(Interested)]);

/// A test calls this before it makes its own subscriber.
pub(crate) fn keep_events() {
    LazyLock::force(&INTERESTED);
}

struct Interested;

impl Subscriber for Interested {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}
