//! What retry says about itself: a warning per retry, an error when it gives up.

use super::schedule::Stop;
use crate::show::Shown;
use core::time::Duration;

/// What both events say. Absent fields are not recorded.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) operation: &'static str,
    pub(crate) attempt: u32,
    pub(crate) max_attempts: u32,
    pub(crate) elapsed: Option<Duration>,
    /// None for a value that was not accepted.
    pub(crate) error: Option<Shown<'a>>,
}

impl Report<'_> {
    #[cold]
    pub(crate) fn retrying(&self, delay: Duration) {
        tracing::warn!(
            target: "resilience",
            operation = self.operation,
            attempt = self.attempt,
            max_attempts = self.max_attempts,
            delay = ?delay,
            elapsed = self.elapsed.map(tracing::field::debug),
            error = self.error.map(tracing::field::display),
            "{}, retrying",
            self.what_happened(),
        );
    }

    #[cold]
    pub(crate) fn giving_up(&self, reason: Stop) {
        tracing::error!(
            target: "resilience",
            operation = self.operation,
            attempt = self.attempt,
            max_attempts = self.max_attempts,
            elapsed = self.elapsed.map(tracing::field::debug),
            error = self.error.map(tracing::field::display),
            "{}, giving up: {reason}",
            self.what_happened(),
        );
    }

    fn what_happened(&self) -> &'static str {
        match self.error {
            Some(_) => "attempt failed",
            None => "attempt returned a value to try again",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::RetryConfig;
    use super::super::delay::Jitter;
    use super::super::progress::Retry;
    use super::*;
    use crate::show::Show;
    use std::collections::BTreeMap;
    use std::fmt;
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
            let attempt = retry.after(outcome).retry_if_ok(|()| true);
            again = attempt
                .next("fetch", |e| Show::of(e).__shown()(e))
                .is_none();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_warning_per_retry_and_an_error_at_the_end() {
        let config = CONFIG.max_retries(2);
        let logged = logged_by(|| exhaust(&config, Err("busy\nERROR forged")));
        let expected = |attempt, delay: Option<&str>, message| {
            let mut all = fields(&[
                ("operation", "fetch"),
                ("attempt", attempt),
                ("max_attempts", "3"),
                ("elapsed", "0ns"),
                ("error", r"busy\nERROR forged"),
                ("message", message),
            ]);
            all.extend(delay.map(|delay| ("delay", delay.to_owned())));
            all
        };
        assert_eq!(
            logged.iter().map(|l| l.level).collect::<Vec<_>>(),
            [Level::WARN, Level::WARN, Level::ERROR]
        );
        assert!(logged.iter().all(|l| l.target == "resilience"));
        assert_eq!(
            logged.into_iter().map(|l| l.fields).collect::<Vec<_>>(),
            [
                expected("1", Some("1s"), "attempt failed, retrying"),
                expected("2", Some("2s"), "attempt failed, retrying"),
                expected("3", None, "attempt failed, giving up: no attempts left"),
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
            "attempt failed, giving up: the next delay would reach max_elapsed"
        );
    }

    #[test]
    fn a_value_that_runs_out_of_attempts_is_an_error_without_error_field() {
        let config = CONFIG.max_retries(1);
        let logged = logged_by(|| exhaust(&config, Ok(())));
        assert_eq!(
            logged.iter().map(|l| l.level).collect::<Vec<_>>(),
            [Level::WARN, Level::ERROR]
        );
        assert!(logged.iter().all(|l| !l.fields.contains_key("error")));
        assert_eq!(
            logged[0].fields["message"],
            "attempt returned a value to try again, retrying"
        );
    }

    #[test]
    fn success_and_errors_that_are_not_retried_are_silent() {
        let logged = logged_by(|| {
            let next = |outcome: Result<(), &'static str>| {
                Retry::new(&CONFIG)
                    .after(outcome)
                    .retry_if(|_| false)
                    .next("fetch", Shown::type_name)
            };
            assert_eq!(next(Ok(())), Some(Ok(())));
            assert_eq!(next(Err("fatal")), Some(Err("fatal")));
        });
        assert_eq!(logged, []);
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
        let logged = logged_by(|| report.giving_up(Stop::Deadline));
        assert_eq!(
            logged[0].fields,
            fields(&[
                ("operation", "fetch"),
                ("attempt", "1"),
                ("max_attempts", "2"),
                (
                    "message",
                    "attempt returned a value to try again, giving up: \
                     the next delay would outlast the deadline"
                ),
            ])
        );
    }
}
