//! `span = true`: each attempt is a span, and all that the attempt says lies in it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::mem::size_of_val;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use resilience::{CircuitOpen, TimedOut, circuit_breaker, retry, timeout};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::set_default;
use tracing::{Event, Instrument, Level, Metadata, Subscriber, info, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry, SpanRef};

/// The fields of a span, by name.
#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

/// An event, or the end of a span.
#[derive(Clone, Debug)]
struct Line {
    /// It names the spans around it, the outermost first.
    text: String,
    at: Instant,
}

/// A span that has ended.
#[derive(Clone, Debug)]
struct Ended {
    metadata: &'static Metadata<'static>,
    fields: BTreeMap<&'static str, String>,
}

#[derive(Clone, Default)]
struct Tree(Arc<Mutex<(Vec<Line>, Vec<Ended>)>>);

impl Tree {
    fn push(&self, text: String, ended: Option<Ended>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        state.0.push(Line { text, at });
        state.1.extend(ended);
    }

    fn lines(&self) -> Vec<Line> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.clone()
    }

    fn texts(&self) -> Vec<String> {
        self.lines().into_iter().map(|line| line.text).collect()
    }

    fn attempts(&self) -> Vec<Ended> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = state.1.iter();
        let attempts = ended.filter(|span| span.metadata.name() == "attempt");
        attempts.cloned().collect()
    }
}

fn fields<'s, R: LookupSpan<'s>>(span: &SpanRef<'s, R>) -> BTreeMap<&'static str, String> {
    let extensions = span.extensions();
    extensions
        .get::<Fields>()
        .map_or_else(BTreeMap::new, |fields| fields.0.clone())
}

/// `call > attempt 2`
fn path<'s, R: LookupSpan<'s>>(span: &SpanRef<'s, R>) -> String {
    let spans = span.scope().from_root().map(|span| {
        let number = fields(&span)
            .get("attempt")
            .map(|number| format!(" {number}"));
        format!("{}{}", span.name(), number.unwrap_or_default())
    });
    spans.collect::<Vec<_>>().join(" > ")
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Tree {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let span = context.span(id).expect("it is new");
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).expect("it is open");
        let mut extensions = span.extensions_mut();
        record.record(extensions.get_mut::<Fields>().expect("it has fields"));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let path = context.event_span(event).map(|span| path(&span));
        let (path, message) = (path.unwrap_or_default(), &fields.0["message"]);
        self.push(format!("{path}: {message}"), None);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).expect("it is kept until now");
        let fields = fields(&span);
        let status = fields
            .get("otel.status_code")
            .map(|code| format!(": {code}"));
        let text = format!("{} ends{}", path(&span), status.unwrap_or_default());
        let ended = Ended {
            metadata: span.metadata(),
            fields,
        };
        self.push(text, Some(ended));
    }
}

/// Remembers the spans and the events of a call, which lies in a span of its own.
fn seen<T>(call: impl FnOnce() -> T) -> (Tree, T) {
    let tree = Tree::default();
    let subscriber = Registry::default().with(tree.clone());
    let guard = set_default(subscriber);
    let result = info_span!("call").in_scope(call);
    drop(guard);
    (tree, result)
}

async fn seen_async<T>(call: impl Future<Output = T>) -> (Tree, T) {
    let tree = Tree::default();
    let subscriber = Registry::default().with(tree.clone());
    let guard = set_default(subscriber);
    let result = call.instrument(info_span!("call")).await;
    drop(guard);
    (tree, result)
}

#[derive(Clone, Debug, PartialEq)]
enum Error {
    Busy,
    Open,
    Late,
}

impl From<CircuitOpen> for Error {
    fn from(_: CircuitOpen) -> Self {
        Self::Open
    }
}

impl From<TimedOut> for Error {
    fn from(_: TimedOut) -> Self {
        Self::Late
    }
}

/// The lines of a call with one retry.
const ONE_RETRY: [&str; 6] = [
    "call > attempt 1: body",
    "call > attempt 1: attempt 1 failed, retrying at once",
    "call > attempt 1 ends: ERROR",
    "call > attempt 2: body",
    "call > attempt 2 ends: OK",
    "call ends",
];

/// Says that the body runs. The first call fails.
fn body(calls: &mut u32) -> Result<u32, Error> {
    info!("body");
    *calls += 1;
    if *calls == 1 {
        Err(Error::Busy)
    } else {
        Ok(*calls)
    }
}

#[test]
fn each_sync_attempt_is_a_span_that_ends_before_the_next_one() {
    #[retry(base_delay = 0s, span = true)]
    fn fetch(calls: &mut u32) -> Result<u32, Error> {
        body(calls)
    }
    let (tree, result) = seen(|| fetch(&mut 0));
    assert_eq!(result, Ok(2));
    assert_eq!(tree.texts(), ONE_RETRY);
}

#[test]
fn a_span_has_the_fields_of_opentelemetry() {
    #[retry(max_retries = 1, base_delay = 0s, span = true, operation = "spans.fields")]
    fn fetch(calls: &mut u32) -> Result<u32, Error> {
        body(calls)
    }
    let (tree, _) = seen(|| fetch(&mut 0));
    let attempts = tree.attempts();
    let fields: Vec<_> = attempts
        .iter()
        .map(|attempt| attempt.fields.clone())
        .collect();
    assert_eq!(
        fields,
        [
            BTreeMap::from([
                ("operation", "spans.fields".to_owned()),
                ("attempt", "1".to_owned()),
                ("otel.kind", "internal".to_owned()),
                ("otel.status_code", "ERROR".to_owned()),
                ("error.type", std::any::type_name::<Error>().to_owned()),
            ]),
            BTreeMap::from([
                ("operation", "spans.fields".to_owned()),
                ("attempt", "2".to_owned()),
                ("otel.kind", "internal".to_owned()),
                ("otel.status_code", "OK".to_owned()),
            ]),
        ]
    );
    for attempt in attempts {
        assert_eq!(attempt.metadata.target(), "resilience");
        assert_eq!(*attempt.metadata.level(), Level::INFO);
    }
}

#[test]
fn a_value_that_is_tried_again_is_no_error() {
    #[retry(max_retries = 1, base_delay = 0s, retry_if_ok = |_| true, span = true)]
    fn fetch() -> Result<u32, Error> {
        Ok(1)
    }
    let (tree, result) = seen(fetch);
    assert_eq!(result, Ok(1));
    assert_eq!(
        tree.texts(),
        [
            "call > attempt 1: attempt 1 returned a value to try again, retrying at once",
            "call > attempt 1 ends: OK",
            "call > attempt 2 ends: OK",
            "call ends",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_wait_lies_in_no_attempt_and_the_events_of_the_layers_below_do() {
    #[retry(max_retries = 2, base_delay = 1s, jitter = none, span = true)]
    #[circuit_breaker(name = "attempt_spans::layers", failure_threshold = 2, recovery_timeout = 500ms)]
    #[timeout(100ms)]
    async fn fetch() -> Result<u32, Error> {
        info!("body");
        sleep(Duration::from_secs(1)).await;
        Ok(1)
    }
    let start = Instant::now();
    let (tree, result) = seen_async(fetch()).await;
    assert_eq!(result, Err(Error::Late));
    let seconds = |line: Line| (line.text, (line.at - start).as_millis());
    let lines: Vec<_> = tree.lines().into_iter().map(seconds).collect();
    let starts: Vec<_> = lines
        .iter()
        .map(|(text, at)| (&text[..16.min(text.len())], *at))
        .collect();
    assert_eq!(
        starts,
        [
            ("call > attempt 1", 0),
            ("call > attempt 1", 100),
            ("call > attempt 1", 100),
            ("call > attempt 2", 1100),
            ("call > attempt 2", 1200),
            ("call > attempt 2", 1200),
            ("call > attempt 2", 1200),
            ("call > attempt 3", 3200),
            ("call > attempt 3", 3200),
            ("call > attempt 3", 3300),
            ("call > attempt 3", 3300),
            ("call > attempt 3", 3300),
            ("call ends", 3300),
        ],
        "{lines:#?}"
    );
    let texts = tree.texts();
    assert!(texts[4].contains("circuit"), "{texts:#?}");
    assert!(texts[7].contains("circuit"), "{texts:#?}");
}

#[tokio::test]
async fn every_form_of_async_function_has_a_span_for_each_attempt() {
    #[retry(base_delay = 0s, span = true)]
    async fn plain(calls: &mut u32) -> Result<u32, Error> {
        yield_now().await;
        body(calls)
    }
    #[retry(base_delay = 0s, span = true)]
    fn returned(calls: &mut u32) -> impl Future<Output = Result<u32, Error>> {
        async move {
            yield_now().await;
            body(calls)
        }
    }
    #[retry(base_delay = 0s, span = true)]
    #[timeout(1m)]
    fn boxed(calls: &mut u32) -> Pin<Box<dyn Future<Output = Result<u32, Error>> + Send + '_>> {
        // This runs before the future does.
        let result = body(calls);
        Box::pin(async move {
            yield_now().await;
            result
        })
    }
    #[retry(base_delay = 0s, span = true, clone(text))]
    #[circuit_breaker]
    async fn consuming(calls: &mut u32, text: String) -> Result<u32, Error> {
        drop(text);
        body(calls)
    }
    for tree in [
        seen_async(plain(&mut 0)).await.0,
        seen_async(returned(&mut 0)).await.0,
        seen_async(boxed(&mut 0)).await.0,
        seen_async(consuming(&mut 0, String::new())).await.0,
        seen_async(Service.call(&mut 0)).await.0,
    ] {
        assert_eq!(tree.texts(), ONE_RETRY);
    }
}

#[async_trait::async_trait]
trait Call {
    async fn call(&self, calls: &mut u32) -> Result<u32, Error>;
}

struct Service;

#[async_trait::async_trait]
impl Call for Service {
    #[retry(base_delay = 0s, span = true)]
    #[timeout(1m)]
    async fn call(&self, calls: &mut u32) -> Result<u32, Error> {
        yield_now().await;
        body(calls)
    }
}

#[test]
fn the_body_under_a_sync_timeout_lies_in_the_span_of_its_attempt() {
    #[retry(max_retries = 1, base_delay = 0s, span = true)]
    #[timeout(1m)]
    fn on_a_worker() -> Result<u32, Error> {
        static CALLS: Mutex<u32> = Mutex::new(0);
        body(&mut CALLS.lock().unwrap_or_else(PoisonError::into_inner))
    }
    #[retry(max_retries = 1, base_delay = 0s, span = true)]
    #[timeout(1m, mode = cooperative)]
    fn in_place(calls: &mut u32) -> Result<u32, Error> {
        body(calls)
    }
    assert_eq!(seen(on_a_worker).0.texts(), ONE_RETRY);
    assert_eq!(seen(|| in_place(&mut 0)).0.texts(), ONE_RETRY);
}

#[tokio::test]
async fn attempts_that_run_side_by_side_lie_in_their_own_spans() {
    #[retry(base_delay = 0s, span = true)]
    async fn fetch(name: &str) -> Result<(), Error> {
        for _ in 0..3 {
            info!("{name}");
            yield_now().await;
        }
        Ok(())
    }
    let (tree, _) = seen_async(async {
        tokio::join!(
            fetch("left").instrument(info_span!("left")),
            fetch("right").instrument(info_span!("right")),
        )
    })
    .await;
    let texts = tree.texts();
    let count = |line: &str| texts.iter().filter(|text| **text == line).count();
    assert_eq!(count("call > left > attempt 1: left"), 3, "{texts:#?}");
    assert_eq!(count("call > right > attempt 1: right"), 3, "{texts:#?}");
    assert_eq!(count("call > left > attempt 1 ends: OK"), 1, "{texts:#?}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_cancelled_ends_without_a_status() {
    struct Dropped;
    impl Drop for Dropped {
        fn drop(&mut self) {
            info!("dropped");
        }
    }
    #[retry(span = true)]
    async fn fetch() -> Result<(), Error> {
        let _dropped = Dropped;
        std::future::pending().await
    }
    let limit = Duration::from_secs(1);
    let (tree, result) = seen_async(tokio::time::timeout(limit, fetch())).await;
    assert!(result.is_err());
    assert_eq!(
        tree.texts(),
        [
            "call > attempt 1: dropped",
            "call > attempt 1 ends",
            "call ends"
        ]
    );
}

#[test]
fn without_the_option_there_is_no_span_and_no_byte() {
    #[retry(max_retries = 1, base_delay = 0s)]
    async fn plain() -> Result<(), Error> {
        Err(Error::Busy)
    }
    #[retry(max_retries = 1, base_delay = 0s, span = false)]
    async fn off() -> Result<(), Error> {
        Err(Error::Busy)
    }
    #[retry(max_retries = 1, base_delay = 0s, span = false)]
    fn off_sync() -> Result<(), Error> {
        Err(Error::Busy)
    }
    // A configuration file may switch a span that the attribute names.
    if !resilience::__private::ASKS_FILE {
        assert_eq!(size_of_val(&plain()), size_of_val(&off()));
    }
    let (tree, _) = seen(off_sync);
    assert!(tree.attempts().is_empty());
}

#[test]
fn the_future_of_a_function_with_spans_can_be_sent() {
    fn sent<T: Send>(future: T) {
        drop(future);
    }
    #[retry(span = true)]
    #[circuit_breaker(name = "attempt_spans::sent")]
    #[timeout(1s)]
    async fn fetch(name: &str) -> Result<usize, Error> {
        yield_now().await;
        Ok(name.len())
    }
    sent(fetch("name"));
}
