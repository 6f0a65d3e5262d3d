//! The caller's `tracing` context, carried to the worker thread.

use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use tracing::{
    Dispatch, Span,
    dispatcher::{self, DefaultGuard},
    span,
    subscriber::NoSubscriber,
};

use crate::unwind::discard;

/// The caller's subscriber and current span.
pub(super) struct CallerTrace {
    // `None` if there is no subscriber. The worker then uses its own default, so that a subscriber
    // that is set later gets the events of the body.
    dispatch: Option<Dispatch>,
    span: Span,
    #[cfg(feature = "test-util")]
    scope: crate::scope::Carried,
}

impl CallerTrace {
    pub(super) fn capture() -> Self {
        #[cfg(feature = "test-util")]
        let scope = crate::scope::Carried::captured();
        let dispatch = dispatcher::get_default(Dispatch::clone);
        if dispatch.is::<NoSubscriber>() && !dispatcher::has_been_set() {
            return Self {
                dispatch: None,
                span: Span::none(),
                #[cfg(feature = "test-util")]
                scope,
            };
        }
        Self {
            dispatch: Some(dispatch),
            span: Span::current(),
            #[cfg(feature = "test-util")]
            scope,
        }
    }

    pub(super) fn enter(&self) -> Entered<'_> {
        Entered {
            _default: self.dispatch.as_ref().map(dispatcher::set_default),
            _span: self.span.enter(),
            #[cfg(feature = "test-util")]
            _scope: self.scope.enter(),
        }
    }

    /// Drops this handle of the span. It is called before the caller wakes, so that the span closes
    /// when the caller drops its own handle.
    pub(super) fn leave_span(&mut self) {
        discard(mem::replace(&mut self.span, Span::none()));
    }

    /// Logs the panic of an abandoned body, because there is no caller left that it could unwind.
    #[cold]
    pub(super) fn report_panic(
        &self,
        operation: Option<&str>,
        limit: Duration,
        panic: Box<dyn Any + Send>,
    ) {
        let logged = catch_unwind(AssertUnwindSafe(|| {
            let _trace = self.enter();
            let panic = panic_text(&*panic);
            tracing::error!(
                target: "resilience",
                operation,
                limit_ms = limit.as_secs_f64() * 1e3,
                panic,
                "a body abandoned at its timeout panicked"
            );
        }));
        discard(panic);
        discard(logged);
    }
}

/// The caller's subscriber and span are the thread's current ones until this value is dropped.
pub(super) struct Entered<'a> {
    // The span is left before its subscriber is.
    _span: span::Entered<'a>,
    _default: Option<DefaultGuard>,
    #[cfg(feature = "test-util")]
    _scope: Option<crate::scope::Entered>,
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a value that is not text"
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{
        Event, Metadata, Subscriber,
        span::{Attributes, Id, Record},
    };

    use super::*;

    /// A subscriber that notes the life of spans and the events.
    #[derive(Clone, Default)]
    struct Notes(Arc<Mutex<Vec<String>>>);

    impl Notes {
        fn note(&self, line: impl Into<String>) {
            self.0.lock().unwrap().push(line.into());
        }

        fn take(&self) -> Vec<String> {
            mem::take(&mut self.0.lock().unwrap())
        }
    }

    impl Subscriber for Notes {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            let metadata = event.metadata();
            self.note(format!("{} {}", metadata.level(), metadata.target()));
        }
        fn enter(&self, _: &Id) {
            self.note("enter");
        }
        fn exit(&self, _: &Id) {
            self.note("exit");
        }
        fn try_close(&self, _: Id) -> bool {
            self.note("close");
            true
        }
    }

    fn in_a_span() -> (Notes, CallerTrace) {
        let notes = Notes::default();
        crate::tracing_interest::keep_events();
        let dispatch = Dispatch::new(notes.clone());
        let span = dispatcher::with_default(&dispatch, || tracing::info_span!("call"));
        let dispatch = Some(dispatch);
        #[cfg(feature = "test-util")]
        let scope = crate::scope::Carried::captured();
        let trace = CallerTrace {
            dispatch,
            span,
            #[cfg(feature = "test-util")]
            scope,
        };
        (notes, trace)
    }

    #[test]
    fn inside_the_callers_subscriber_and_span_are_current() {
        let (notes, trace) = in_a_span();
        {
            let _entered = trace.enter();
            tracing::info!(target: "body", "inside");
        }
        tracing::info!(target: "body", "outside");
        assert_eq!(notes.take(), ["enter", "INFO body", "exit"]);
    }

    #[test]
    fn the_span_can_be_left_before_the_subscriber() {
        let (notes, mut trace) = in_a_span();
        trace.leave_span();
        assert_eq!(notes.take(), ["close"]);
        let _entered = trace.enter();
        tracing::info!(target: "body", "inside");
        assert_eq!(notes.take(), ["INFO body"]);
    }

    #[test]
    fn a_panic_is_reported_in_the_callers_span() {
        let (notes, trace) = in_a_span();
        trace.report_panic(Some("db_query"), Duration::from_secs(1), Box::new("broken"));
        assert_eq!(notes.take(), ["enter", "ERROR resilience", "exit"]);
    }

    #[test]
    fn the_text_of_a_panic_is_found() {
        assert_eq!(panic_text(&"borrowed"), "borrowed");
        assert_eq!(panic_text(&String::from("owned")), "owned");
        assert_eq!(panic_text(&7), "a value that is not text");
    }
}
