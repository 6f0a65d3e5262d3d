//! Server-sent events as text.

use axum::body::Bytes;
use serde::Serialize;

/// The identity of an event: the run of the thread that made it, and its number in that run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventId {
    pub(super) run: u64,
    pub(super) number: u64,
}

impl EventId {
    /// Reads the value of `Last-Event-ID`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (run, number) = text.split_once('-')?;
        Some(Self {
            run: run.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

/// The text of an event. A browser that loses the connection comes back after a second.
pub(super) fn encode(id: EventId, event: &str, data: &impl Serialize) -> Bytes {
    let EventId { run, number } = id;
    // JSON has no line break outside of its texts, and escapes those within.
    let data = serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned());
    format!("retry: 1000\nid: {run}-{number}\nevent: {event}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_one_line_of_data_whatever_is_in_it() {
        let id = EventId { run: 7, number: 3 };
        let text = encode(id, "changes", &json!({ "name": "a\r\nid: 9\n\n" }));
        let text = std::str::from_utf8(&text).expect("UTF-8");
        let expected =
            "retry: 1000\nid: 7-3\nevent: changes\ndata: {\"name\":\"a\\r\\nid: 9\\n\\n\"}\n\n";
        assert_eq!(text, expected);
        assert_eq!(EventId::parse("7-3"), Some(id));
    }

    #[test]
    fn a_foreign_id_is_none() {
        for text in [
            "",
            "7",
            "7-",
            "-3",
            "7-3-1",
            "a-b",
            "7-99999999999999999999999",
        ] {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }
}
