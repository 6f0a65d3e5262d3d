//! From events to issues and breadcrumbs.

use resilience::CircuitState;
use resilience::events::{Event, EventKind, GaveUpReason};
use sentry::protocol::{self, Map, Value};
use sentry::{Breadcrumb, Level};

/// Sends what a person has to look at as an issue, and keeps the retries before it as breadcrumbs.
pub(crate) fn report(event: &Event<'_>) {
    let operation = event.operation.unwrap_or("a function without a name");
    match event.kind {
        EventKind::Retrying {
            attempt,
            delay,
            error,
            ..
        } => sentry::add_breadcrumb(Breadcrumb {
            category: Some("resilience.retry".to_owned()),
            level: Level::Warning,
            message: Some(format!(
                "attempt {attempt} failed, the next one is in {delay:.1?}"
            )),
            data: texts([("operation", Some(operation)), ("error", error)]),
            ..Breadcrumb::default()
        }),
        EventKind::GaveUp {
            attempts,
            reason,
            error,
            ..
        } if is_issue(reason) => {
            let message = format!("{operation} gave up after {attempts} attempts");
            let reason = reason.to_string();
            let tags = [("operation", operation), ("reason", &reason)];
            issue(Level::Error, message, tags, error);
        }
        EventKind::StateChanged {
            circuit,
            to: CircuitState::Open,
            reason,
            last_error,
            ..
        } => {
            let message = format!("circuit {circuit} opened");
            let reason = reason.to_string();
            let tags = [("circuit", circuit), ("reason", &reason)];
            issue(Level::Warning, message, tags, last_error);
        }
        _ => {}
    }
}

/// The opening of the circuit is an issue already, and an error that is not retried is the business
/// of the caller.
fn is_issue(reason: GaveUpReason) -> bool {
    !matches!(
        reason,
        GaveUpReason::CircuitOpen | GaveUpReason::Refused | GaveUpReason::NotRetryable
    )
}

fn issue(level: Level, message: String, tags: [(&str, &str); 2], last_error: Option<&str>) {
    // All calls of one operation, or all openings of one circuit, are one issue.
    let fingerprint = tags.map(|(_, value)| value.to_owned().into());
    let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned()));
    sentry::capture_event(protocol::Event {
        level,
        message: Some(message),
        logger: Some("resilience".to_owned()),
        fingerprint: fingerprint.to_vec().into(),
        tags: tags.into(),
        extra: texts([("last_error", last_error)]),
        ..protocol::Event::default()
    });
}

fn texts<const N: usize>(texts: [(&str, Option<&str>); N]) -> Map<String, Value> {
    let present = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)));
    present
        .map(|(name, text)| (name.to_owned(), Value::from(text)))
        .collect()
}
