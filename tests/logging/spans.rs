//! The spans of `#[tracing::instrument]` around the attributes: one for each attempt above them,
//! one for all below them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use resilience::{circuit_breaker, retry, timeout};
use tracing::subscriber::set_default;
use tracing::{Event, Metadata, Subscriber, instrument, span};

/// Counts the spans that are made.
#[derive(Clone, Default)]
struct Spans(Arc<AtomicU64>);

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1 + self.0.fetch_add(1, Relaxed))
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

type Failed = Result<(), &'static str>;

/// Counts the spans of a call that fails in the end.
fn spans(call: impl FnOnce() -> Failed) -> u64 {
    let spans = Spans::default();
    let guard = set_default(spans.clone());
    assert_eq!(call(), Err("down"));
    drop(guard);
    spans.0.load(Relaxed)
}

async fn spans_async(call: impl Future<Output = Failed>) -> u64 {
    let spans = Spans::default();
    let guard = set_default(spans.clone());
    assert_eq!(call.await, Err("down"));
    drop(guard);
    spans.0.load(Relaxed)
}

#[test]
fn above_a_sync_function_there_is_a_span_for_each_attempt_and_below_one_for_all() {
    #[instrument]
    #[retry(max_retries = 2, base_delay = 0s)]
    fn above() -> Failed {
        Err("down")
    }
    #[retry(max_retries = 2, base_delay = 0s)]
    #[instrument]
    fn below() -> Failed {
        Err("down")
    }
    assert_eq!((spans(above), spans(below)), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn above_an_async_function_there_is_a_span_for_each_attempt_and_below_one_for_all() {
    #[instrument]
    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(5s, error = "late")]
    async fn above() -> Failed {
        Err("down")
    }
    #[retry(max_retries = 2, base_delay = 0s)]
    #[instrument]
    #[timeout(5s, error = "late")]
    async fn between() -> Failed {
        Err("down")
    }
    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(5s, error = "late")]
    #[instrument]
    async fn below() -> Failed {
        Err("down")
    }
    assert_eq!(spans_async(above()).await, 3);
    assert_eq!(spans_async(between()).await, 1);
    assert_eq!(spans_async(below()).await, 1);
}

#[async_trait::async_trait]
trait Call {
    async fn above(&self) -> Failed;
    async fn below(&self) -> Failed;
}

struct Service;

#[async_trait::async_trait]
impl Call for Service {
    #[instrument(skip(self))]
    #[retry(max_retries = 2, base_delay = 0s)]
    async fn above(&self) -> Failed {
        Err("down")
    }

    #[retry(max_retries = 2, base_delay = 0s)]
    #[instrument(skip(self))]
    async fn below(&self) -> Failed {
        Err("down")
    }
}

#[tokio::test]
async fn in_an_async_trait_it_is_the_same() {
    assert_eq!(spans_async(Service.above()).await, 3);
    assert_eq!(spans_async(Service.below()).await, 1);
}

#[tokio::test]
async fn a_retry_with_clone_takes_owned_arguments_below_a_span() {
    #[instrument(skip_all, err)]
    #[retry(max_retries = 2, base_delay = 0s, clone(text))]
    async fn save(text: String) -> Failed {
        drop(text);
        Err("down")
    }
    #[instrument(skip_all, err)]
    #[retry(max_retries = 2, base_delay = 0s, clone(..))]
    fn save_blocking(text: String) -> Failed {
        drop(text);
        Err("down")
    }
    #[instrument(skip_all, err)]
    #[circuit_breaker(name = "spans::owned", error = "open")]
    async fn guarded(text: String) -> Failed {
        drop(text);
        Err("down")
    }
    assert_eq!(spans_async(save("a".to_owned())).await, 3);
    assert_eq!(spans(|| save_blocking("b".to_owned())), 3);
    assert_eq!(spans_async(guarded("c".to_owned())).await, 1);
}
