//! A retry tells the log and the subscribers of each wait, and of its end.

use crate::errors::Shown;
use crate::events::{self, EventKind, GaveUpReason};
use crate::heard::may_be_heard;
use core::fmt;
use core::time::Duration;
use tracing::Level;

/// The fields that all events have. An absent field is not recorded.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) operation: &'a str,
    pub(crate) attempt: u32,
    pub(crate) max_attempts: u32,
    pub(crate) elapsed: Option<Duration>,
    /// It is `None` for a value that is tried again.
    pub(crate) error: Option<Shown<'a>>,
}

/// Emits an event with the fields of a report. It is a macro, because an event needs its level at
/// compile time.
macro_rules! event {
    ($level:expr, $report:ident, { $($field:ident = $value:expr),* }, $($message:tt)*) => {
        tracing::event!(
            target: "resilience",
            $level,
            operation = $report.operation,
            attempt = $report.attempt,
            max_attempts = $report.max_attempts,
            $($field = $value,)*
            elapsed_ms = $report.elapsed.map(milliseconds),
            error = $report.error.map(tracing::field::display),
            $($message)*
        )
    };
}

/// True if somebody may hear of a wait.
#[inline]
pub(crate) fn is_retry_heard() -> bool {
    may_be_heard(Level::WARN) || events::is_subscribed()
}

impl Report<'_> {
    #[cold]
    pub(crate) fn retrying(&self, delay: Duration) {
        let when = When(delay);
        event!(
            Level::WARN,
            self,
            { delay_ms = milliseconds(delay) },
            "attempt {} {}, retrying {when}",
            self.attempt,
            self.what_happened(),
        );
        events::emit_with_error(Some(self.operation), self.error, |error| {
            EventKind::Retrying {
                attempt: self.attempt,
                delay,
                error,
            }
        });
    }

    #[cold]
    pub(crate) fn giving_up(&self, reason: GaveUpReason) {
        macro_rules! giving_up {
            ($level:expr) => {
                event!(
                    $level,
                    self,
                    { reason = reason.name() },
                    "attempt {} {}, giving up: {}",
                    self.attempt,
                    self.what_happened(),
                    explanation(reason),
                )
            };
        }
        // The log says nothing of a value with which the attempts run out, because the caller gets
        // the value and sees that it is not ready.
        let is_value_of_last_attempt = self.error.is_none() && reason == GaveUpReason::Attempts;
        match level(reason) {
            _ if is_value_of_last_attempt => {}
            Level::ERROR => giving_up!(Level::ERROR),
            Level::WARN => giving_up!(Level::WARN),
            _ => giving_up!(Level::DEBUG),
        }
        events::emit_with_error(Some(self.operation), self.error, |error| {
            EventKind::GaveUp {
                attempts: self.attempt,
                reason,
                error,
            }
        });
    }

    fn what_happened(&self) -> &'static str {
        match self.error {
            Some(_) => "failed",
            None => "returned a value to try again",
        }
    }
}

/// The level of the log line of a retry that gives up. It is an error if the caller has no result
/// although the service was tried again and again. A refusal is a warning, because it protects the
/// service. An error that a filter excludes from retries is expected.
fn level(reason: GaveUpReason) -> Level {
    match reason {
        GaveUpReason::Attempts
        | GaveUpReason::Elapsed
        | GaveUpReason::Budget
        | GaveUpReason::Hint
        | GaveUpReason::Deadline => Level::ERROR,
        GaveUpReason::Refused | GaveUpReason::CircuitOpen => Level::WARN,
        GaveUpReason::NotRetryable => Level::DEBUG,
    }
}

/// The reason as the end of "giving up: ".
fn explanation(reason: GaveUpReason) -> &'static str {
    match reason {
        GaveUpReason::Attempts => "no attempts are left",
        GaveUpReason::Elapsed => "the next delay would reach max_elapsed",
        GaveUpReason::NotRetryable => "this error is not retried",
        GaveUpReason::Budget => "the retry budget is used up",
        GaveUpReason::Hint => "the server asks for no retry within this time",
        GaveUpReason::Deadline => "the next delay would outlast the deadline",
        GaveUpReason::CircuitOpen => "the circuit would still refuse after the next delay",
        GaveUpReason::Refused => "a layer refused the call",
    }
}

/// The length of the wait in words.
struct When(Duration);

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() {
            f.write_str("at once")
        } else {
            write!(f, "in {:.1?}", self.0)
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::super::config::RetryConfig;
    use super::super::ended_attempt::EndedAttempt;
    use super::super::state::Retry;
    use super::super::strategy::Jitter;
    use super::*;
    use crate::errors::Inspect;
    use crate::operation::Operation;
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};
    use tracing::field::{Field, Visit};
    use tracing::{Event, Level, Metadata, Subscriber, span};

    const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);

    #[derive(Clone, Debug, PartialEq)]
    struct Logged {
        level: Level,
        target: String,
        fields: BTreeMap<&'static str, String>,
    }

    impl Visit for Logged {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            self.fields.insert(field.name(), format!("{value:?}"));
        }

        fn record_str(&mut self, field: &Field, value: &str) {
            self.fields.insert(field.name(), value.to_owned());
        }

        fn record_f64(&mut self, field: &Field, value: f64) {
            self.fields.insert(field.name(), format!("f64 {value}"));
        }
    }

    #[derive(Clone, Default)]
    struct Capture(Arc<Mutex<Vec<Logged>>>);

    impl Subscriber for Capture {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut logged = Logged {
                level: *event.metadata().level(),
                target: event.metadata().target().to_owned(),
                fields: BTreeMap::new(),
            };
            event.record(&mut logged);
            self.0.lock().unwrap().push(logged);
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    fn logged_by(f: impl FnOnce()) -> Vec<Logged> {
        let capture = Capture::default();
        crate::tracing_interest::keep_events();
        tracing::subscriber::with_default(capture.clone(), f);
        let logged = capture.0.lock().unwrap();
        logged.clone()
    }

    fn fields(pairs: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
        pairs.iter().map(|(k, v)| (*k, (*v).to_owned())).collect()
    }

    /// One call that only fails, and waits for nothing.
    fn exhaust(config: &RetryConfig, outcome: Result<(), &str>) {
        let mut retry = Retry::new(config);
        let mut again = true;
        while again {
            let traits = Inspect::of(&outcome).__traits();
            let attempt = EndedAttempt::after_blocking(&mut retry, traits, outcome);
            again = attempt
                .retry_if_ok(|()| true)
                .next(&Operation::new("fetch"))
                .is_none();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_warning_per_retry_and_an_error_at_the_end() {
        let config = CONFIG.max_retries(2);
        let logged = logged_by(|| exhaust(&config, Err("busy\nERROR forged")));
        let expected = |attempt, last: (&'static str, &str), message| {
            fields(&[
                ("operation", "fetch"),
                ("attempt", attempt),
                ("max_attempts", "3"),
                ("elapsed_ms", "f64 0"),
                ("error", r"busy\nERROR forged"),
                ("message", message),
                last,
            ])
        };
        assert_eq!(
            logged.iter().map(|l| l.level).collect::<Vec<_>>(),
            [Level::WARN, Level::WARN, Level::ERROR]
        );
        assert!(logged.iter().all(|l| l.target == "resilience"));
        assert_eq!(
            logged.into_iter().map(|l| l.fields).collect::<Vec<_>>(),
            [
                expected(
                    "1",
                    ("delay_ms", "f64 1000"),
                    "attempt 1 failed, retrying in 1.0s"
                ),
                expected(
                    "2",
                    ("delay_ms", "f64 2000"),
                    "attempt 2 failed, retrying in 2.0s"
                ),
                expected(
                    "3",
                    ("reason", "attempts"),
                    "attempt 3 failed, giving up: no attempts are left"
                ),
            ]
        );
    }

    #[test]
    fn a_time_limit_that_is_reached_is_an_error_with_its_reason() {
        let config = CONFIG.max_elapsed(Duration::from_millis(1));
        let logged = logged_by(|| exhaust(&config, Err("busy")));
        let [last] = &logged[..] else {
            panic!("{logged:?}")
        };
        assert_eq!(last.level, Level::ERROR);
        assert_eq!(
            last.fields["message"],
            "attempt 1 failed, giving up: the next delay would reach max_elapsed"
        );
    }

    #[test]
    fn a_value_to_try_again_has_no_error_field() {
        let config = CONFIG.max_retries(1);
        let logged = logged_by(|| exhaust(&config, Ok(())));
        let [only] = &logged[..] else {
            panic!("the last value is the caller's: {logged:?}")
        };
        assert_eq!(only.level, Level::WARN);
        assert!(!only.fields.contains_key("error"));
        assert_eq!(
            only.fields["message"],
            "attempt 1 returned a value to try again, retrying in 1.0s"
        );
    }

    #[test]
    fn success_is_silent_and_an_error_that_is_not_retried_is_for_debugging() {
        let next = |outcome: Result<(), &'static str>| {
            let mut retry = Retry::new(&CONFIG);
            let traits = Inspect::of(&outcome).__traits();
            EndedAttempt::after_blocking(&mut retry, traits, outcome)
                .retry_if(|_| false)
                .next(&Operation::new("fetch"))
        };
        assert_eq!(logged_by(|| assert_eq!(next(Ok(())), Some(Ok(())))), []);
        let logged = logged_by(|| assert_eq!(next(Err("fatal")), Some(Err("fatal"))));
        let [last] = &logged[..] else {
            panic!("{logged:?}")
        };
        assert_eq!(last.level, Level::DEBUG);
        assert_eq!(last.fields["reason"], "not_retryable");
        assert_eq!(
            last.fields["message"],
            "attempt 1 failed, giving up: this error is not retried"
        );
    }

    #[test]
    fn each_reason_has_a_level_and_a_name() {
        let levels = [
            (GaveUpReason::Attempts, Level::ERROR, "attempts"),
            (GaveUpReason::Elapsed, Level::ERROR, "elapsed"),
            (GaveUpReason::Budget, Level::ERROR, "budget"),
            (GaveUpReason::Hint, Level::ERROR, "hint"),
            (GaveUpReason::Deadline, Level::ERROR, "deadline"),
            (GaveUpReason::Refused, Level::WARN, "refused"),
            (GaveUpReason::CircuitOpen, Level::WARN, "circuit_open"),
            (GaveUpReason::NotRetryable, Level::DEBUG, "not_retryable"),
        ];
        for (reason, level, name) in levels {
            let report = Report {
                operation: "fetch",
                attempt: 1,
                max_attempts: 2,
                elapsed: None,
                error: Some(Shown::Display(&"busy")),
            };
            let logged = logged_by(|| report.giving_up(reason));
            assert_eq!(logged[0].level, level, "{reason:?}");
            assert_eq!(logged[0].fields["reason"], name);
        }
    }

    #[test]
    fn elapsed_is_absent_if_the_clock_was_not_read() {
        let report = Report {
            operation: "fetch",
            attempt: 1,
            max_attempts: 2,
            elapsed: None,
            error: None,
        };
        let logged = logged_by(|| report.giving_up(GaveUpReason::Deadline));
        assert_eq!(
            logged[0].fields,
            fields(&[
                ("operation", "fetch"),
                ("attempt", "1"),
                ("max_attempts", "2"),
                ("reason", "deadline"),
                (
                    "message",
                    "attempt 1 returned a value to try again, giving up: \
                     the next delay would outlast the deadline"
                ),
            ])
        );
    }
}
