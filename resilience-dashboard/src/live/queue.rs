//! The queue that all readers share: the latest events, and the snapshot behind them.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
};

use axum::body::Bytes;
use serde_json::{Value, json};

use super::{
    changes::{self, Sections},
    message::{self, EventId},
};

/// The most events that the queue keeps, and the most bytes. A reader that is further behind gets
/// a snapshot instead.
const KEPT_EVENTS: usize = 64;
const KEPT_BYTES: usize = 4 << 20;

/// The state of the process after the event `id`.
#[derive(Debug)]
pub(super) struct Baseline {
    id: EventId,
    sections: Sections,
    /// The event `snapshot`. It is made for the first reader that needs it, and shared by others.
    encoded: OnceLock<Bytes>,
}

impl Baseline {
    pub(super) fn encoded(&self) -> Bytes {
        let encode = || message::encode(self.id, "snapshot", &self.sections);
        self.encoded.get_or_init(encode).clone()
    }
}

/// The place of a reader in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cursor {
    /// The reader needs a snapshot.
    Fresh,
    /// The reader has everything up to this event.
    After(EventId),
}

/// The thing that a reader gets next.
#[derive(Debug)]
pub(super) enum Next {
    Event(Bytes),
    Snapshot(Arc<Baseline>),
}

/// The latest events of one run of the thread. The last one leads to the baseline.
#[derive(Debug)]
pub(super) struct Queue {
    baseline: Arc<Baseline>,
    events: VecDeque<Bytes>,
    bytes: usize,
}

impl Queue {
    pub(super) fn new(run: u64, sections: Sections) -> Self {
        Self {
            baseline: Arc::new(Baseline {
                id: EventId { run, number: 0 },
                sections,
                encoded: OnceLock::new(),
            }),
            events: VecDeque::new(),
            bytes: 0,
        }
    }

    /// The state that the next snapshot is compared with.
    pub(super) fn baseline(&self) -> Arc<Baseline> {
        Arc::clone(&self.baseline)
    }

    /// Adds an event that leads to `next`.
    pub(super) fn add(&mut self, event: Bytes, next: Baseline) {
        self.bytes += event.len();
        self.events.push_back(event);
        self.baseline = Arc::new(next);
        while self.events.len() > KEPT_EVENTS || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                return;
            };
            self.bytes -= oldest.len();
        }
    }

    /// The next thing for a reader, whose cursor moves on. `None` if it has everything.
    pub(super) fn next(&self, cursor: &mut Cursor) -> Option<Next> {
        let latest = self.baseline.id;
        let behind = match *cursor {
            Cursor::After(id) if id.run == latest.run => latest.number.checked_sub(id.number),
            _ => None,
        };
        // The event that the reader needs is so far from the end of the queue.
        let behind = behind.and_then(|behind| usize::try_from(behind).ok());
        match behind {
            Some(0) => None,
            Some(behind) if behind <= self.events.len() => {
                let event = self.events.get(self.events.len() - behind)?;
                if let Cursor::After(id) = cursor {
                    id.number += 1;
                }
                Some(Next::Event(event.clone()))
            }
            _ => {
                *cursor = Cursor::After(latest);
                Some(Next::Snapshot(self.baseline()))
            }
        }
    }
}

/// The event that leads from a baseline to the present, and the baseline after it. `None` if
/// nothing changed and no heartbeat is due.
pub(super) fn next_event(
    before: &Baseline,
    now: Sections,
    is_heartbeat_due: bool,
) -> Option<(Bytes, Baseline)> {
    if let Some(changes) = changes::between(&before.sections, &now) {
        return Some(event(before, "changes", &changes, now));
    }
    let data = json!({ "at": now.get("at") });
    is_heartbeat_due.then(|| event(before, "heartbeat", &data, now))
}

fn event(before: &Baseline, name: &str, data: &Value, sections: Sections) -> (Bytes, Baseline) {
    let id = EventId {
        number: before.id.number + 1,
        ..before.id
    };
    let next = Baseline {
        id,
        sections,
        encoded: OnceLock::new(),
    };
    (message::encode(id, name, data), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: u64 = 7;

    fn at(moment: u64) -> Sections {
        let mut sections = Sections::new();
        sections.insert("moment".to_owned(), json!({ "is": moment }));
        sections
    }

    fn queue_with(events: u64) -> Queue {
        let mut queue = Queue::new(RUN, at(0));
        for moment in 1..=events {
            let (event, next) = next_event(&queue.baseline(), at(moment), false).expect("a change");
            queue.add(event, next);
        }
        queue
    }

    fn after(number: u64) -> Cursor {
        Cursor::After(EventId { run: RUN, number })
    }

    fn text(next: Option<Next>) -> String {
        let bytes = match next.expect("something is next") {
            Next::Event(event) => event,
            Next::Snapshot(baseline) => baseline.encoded(),
        };
        String::from_utf8(bytes.to_vec()).expect("UTF-8")
    }

    #[test]
    fn a_fresh_reader_gets_a_snapshot_and_then_each_event() {
        let mut queue = queue_with(3);
        let mut cursor = Cursor::Fresh;
        let snapshot = text(queue.next(&mut cursor));
        assert!(snapshot.contains("id: 7-3\nevent: snapshot"), "{snapshot}");
        assert!(queue.next(&mut cursor).is_none());
        let (event, next) = next_event(&queue.baseline(), at(4), false).expect("a change");
        queue.add(event, next);
        let event = text(queue.next(&mut cursor));
        assert!(event.contains("id: 7-4\nevent: changes"), "{event}");
        assert!(queue.next(&mut cursor).is_none());
    }

    #[test]
    fn a_reader_that_comes_back_goes_on_where_it_was() {
        let queue = queue_with(3);
        let mut cursor = after(1);
        assert!(text(queue.next(&mut cursor)).contains("id: 7-2\nevent: changes"));
        assert!(text(queue.next(&mut cursor)).contains("id: 7-3\nevent: changes"));
        assert!(queue.next(&mut cursor).is_none());
    }

    #[test]
    fn a_reader_of_another_run_or_of_the_future_gets_a_snapshot() {
        let queue = queue_with(3);
        let strangers = [
            Cursor::After(EventId { run: 8, number: 2 }),
            after(4),
            after(u64::MAX),
        ];
        for mut cursor in strangers {
            assert!(text(queue.next(&mut cursor)).contains("id: 7-3\nevent: snapshot"));
            assert_eq!(cursor, after(3));
        }
    }

    #[test]
    fn the_queue_is_bounded_and_a_reader_behind_it_gets_a_snapshot() {
        let queue = queue_with(1_000);
        assert_eq!(queue.events.len(), KEPT_EVENTS);
        assert!(text(queue.next(&mut after(1_000 - 64))).contains("id: 7-937\n"));
        assert!(text(queue.next(&mut after(1_000 - 65))).contains("event: snapshot"));
    }

    #[test]
    fn the_bytes_of_the_queue_are_bounded() {
        let mut queue = Queue::new(RUN, at(0));
        for moment in 1..20 {
            let mut sections = at(moment);
            sections.insert(
                "large".to_owned(),
                json!(moment.to_string().repeat(1 << 20)),
            );
            let (event, next) = next_event(&queue.baseline(), sections, false).expect("a change");
            queue.add(event, next);
        }
        assert!(queue.bytes <= KEPT_BYTES, "{}", queue.bytes);
        let kept: usize = queue.events.iter().map(Bytes::len).sum();
        assert_eq!(queue.bytes, kept);
    }

    #[test]
    fn a_heartbeat_has_the_time_alone() {
        let before = queue_with(0).baseline();
        let unchanged = Sections::clone(&before.sections);
        assert!(next_event(&before, unchanged, false).is_none());
        let mut later = Sections::clone(&before.sections);
        later.insert("at".to_owned(), json!("now"));
        let (event, _) = next_event(&before, later, true).expect("a heartbeat");
        let text = std::str::from_utf8(&event).expect("UTF-8");
        assert!(
            text.ends_with("event: heartbeat\ndata: {\"at\":\"now\"}\n\n"),
            "{text}"
        );
    }
}
