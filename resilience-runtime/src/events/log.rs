//! The log says which listeners misbehave.

use std::time::Duration;

use tracing::warn;

use super::guard::Fault;
use crate::{clock, reports::ReportLimit, unwind::quietly};

/// Reports a listener. A subscriber of the log that panics does not break the call, because the
/// call has nothing to do with the listener.
#[cold]
pub(super) fn listener_is_at_fault(fault: Fault) {
    quietly(|| match fault {
        Fault::Panicked => {
            warn!(target: "resilience", "a listener panicked: it missed an event, and the call goes on");
        }
        Fault::Slow { took } => {
            let took_ms = milliseconds(took);
            warn!(
                target: "resilience", took_ms,
                "a listener took {took:.1?}, and the call waited for it: a listener should hand long work to another thread"
            );
        }
    });
}

/// Reports listeners that cause each other's events without an end.
#[cold]
pub(super) fn events_are_nested_too_deep(depth: u32) {
    static REPORTS: ReportLimit = ReportLimit::new();
    if REPORTS.due(clock::now()).is_some() {
        quietly(|| {
            warn!(
                target: "resilience", depth,
                "a listener causes the events that it is told of: events that are nested deeper are not told"
            );
        });
    }
}

fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::capture;

    #[test]
    fn a_listener_at_fault_is_a_warning() {
        let took = Duration::from_micros(12_500);
        let logged = capture::events(|| {
            listener_is_at_fault(Fault::Panicked);
            listener_is_at_fault(Fault::Slow { took });
        });
        assert_eq!(
            logged,
            [
                "WARN resilience: message=a listener panicked: it missed an event, and the call goes on",
                "WARN resilience: message=a listener took 12.5ms, and the call waited for it: a listener should hand \
                 long work to another thread took_ms=12.5",
            ]
        );
    }

    #[test]
    fn events_that_are_nested_too_deep_are_a_warning_once_per_minute() {
        let logged = capture::events(|| {
            events_are_nested_too_deep(16);
            events_are_nested_too_deep(16);
        });
        assert_eq!(
            logged,
            [
                "WARN resilience: message=a listener causes the events that it is told of: events that are nested \
                 deeper are not told depth=16"
            ]
        );
    }
}
