//! For tests that listen to events: `tracing` remembers once for the whole process whether anybody listens to an event,
//! and while there is one subscriber at most, it asks the thread that comes to the event first. In another test that has
//! none, so the event would be lost for all (tokio-rs/tracing#3611). With two that never say no, nobody's word is final.

use std::sync::LazyLock;

use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber, span};

static ATTENTIVE: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [Dispatch::new(Attentive), Dispatch::new(Attentive)]);

/// To be called before a test's own subscriber is made.
pub(crate) fn keep_events() {
    LazyLock::force(&ATTENTIVE);
}

struct Attentive;

impl Subscriber for Attentive {
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
