//! One reader of the stream.

use std::sync::Arc;

use axum::body::Bytes;
use tokio::sync::watch;

use super::{
    hub::{Hub, Refused},
    message::EventId,
    queue::{Cursor, Next},
};

/// A place among the readers. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Reader {
    hub: Arc<Hub>,
    news: watch::Receiver<()>,
    cursor: Cursor,
}

impl Reader {
    pub(super) fn join(hub: &Arc<Hub>, last: Option<&str>) -> Result<Self, Refused> {
        let cursor = hub.join(last.and_then(EventId::parse))?;
        Ok(Self {
            hub: Arc::clone(hub),
            news: hub.news(),
            cursor,
        })
    }

    /// Waits for the next event. A call that is dropped loses none.
    pub(super) async fn next(&mut self) -> Bytes {
        loop {
            // An event that comes after this line wakes the wait below.
            self.news.mark_unchanged();
            match self.hub.next(&mut self.cursor) {
                Some(Next::Event(event)) => return event,
                Some(Next::Snapshot(baseline)) => return baseline.encoded(),
                // The sender lives in the hub, so the wait ends with an event only.
                None => drop(self.news.changed().await),
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.hub.leave();
    }
}
