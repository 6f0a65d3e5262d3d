//! `config =`, and the options beside it that override it.

use std::future::pending;
use std::time::Duration;

use resilience::{TimedOut, TimeoutConfig, timeout};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const DB: TimeoutConfig = TimeoutConfig::new(Duration::from_secs(5))
    .operation("db_query")
    .message("too slow");

/// Limit, operation and text of the error.
type Said = (Duration, String, String);

async fn said<T>(call: impl Future<Output = Result<T, TimedOut>>) -> Said {
    let start = Instant::now();
    let late = call.await.err().expect("it takes too long");
    assert_eq!(start.elapsed(), late.limit());
    (late.limit(), late.operation().to_owned(), late.to_string())
}

fn expected(limit: Duration, operation: &str, text: &str) -> Said {
    (limit, operation.to_owned(), text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_constant_configuration_is_used() {
    #[timeout(config = DB)]
    async fn query() -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(
        said(query()).await,
        expected(5 * SECOND, "db_query", "too slow")
    );
}

#[tokio::test(start_paused = true)]
async fn every_option_beside_it_overrides_it() {
    #[timeout(config = DB, limit = 7s)]
    async fn limit() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(9s, config = DB)]
    async fn positional() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(config = DB, operation = "jira")]
    async fn operation() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(config = DB, message = "far too slow")]
    async fn message() -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(
        said(limit()).await,
        expected(7 * SECOND, "db_query", "too slow")
    );
    assert_eq!(
        said(positional()).await,
        expected(9 * SECOND, "db_query", "too slow")
    );
    assert_eq!(
        said(operation()).await,
        expected(5 * SECOND, "jira", "too slow")
    );
    assert_eq!(
        said(message()).await,
        expected(5 * SECOND, "db_query", "far too slow")
    );
}

#[tokio::test(start_paused = true)]
async fn the_functions_name_stands_in_for_a_missing_operation() {
    const UNNAMED: TimeoutConfig = TimeoutConfig::new(SECOND);
    #[timeout(config = UNNAMED)]
    async fn query() -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(
        said(query()).await,
        expected(
            SECOND,
            concat!(module_path!(), "::query"),
            "`query` timed out after 1s"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn it_may_be_written_in_place_be_an_argument_or_come_from_the_receiver() {
    #[timeout(config = TimeoutConfig::new(Duration::from_secs(2)).operation("inline"))]
    async fn inline() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(config = config)]
    async fn argument(config: TimeoutConfig) -> Result<(), TimedOut> {
        pending().await
    }
    struct Client {
        timeout: TimeoutConfig,
    }
    impl Client {
        const TIMEOUT: TimeoutConfig = DB;

        #[timeout(config = self.timeout, message = "the client's")]
        async fn of_self(&self) -> Result<(), TimedOut> {
            pending().await
        }

        #[timeout(config = Self::TIMEOUT, limit = limit)]
        async fn of_the_type(&self, limit: Duration) -> Result<(), TimedOut> {
            pending().await
        }
    }
    let client = Client { timeout: DB };
    assert_eq!(
        said(inline()).await,
        expected(2 * SECOND, "inline", "`inline` timed out after 2s")
    );
    assert_eq!(
        said(argument(DB)).await,
        expected(5 * SECOND, "db_query", "too slow")
    );
    assert_eq!(
        said(client.of_self()).await,
        expected(5 * SECOND, "db_query", "the client's")
    );
    assert_eq!(
        said(client.of_the_type(SECOND)).await,
        expected(SECOND, "db_query", "too slow")
    );
}

#[tokio::test(start_paused = true)]
async fn a_configuration_without_end_means_never() {
    #[timeout(config = TimeoutConfig::new(Duration::MAX))]
    async fn query() -> Result<(), TimedOut> {
        tokio::time::sleep(365 * 24 * 3600 * SECOND).await;
        Ok(())
    }
    assert_eq!(query().await, Ok(()));
}

#[test]
fn a_sync_function_takes_it_in_either_mode() {
    #[timeout(config = DB)]
    fn on_a_worker() -> Result<bool, TimedOut> {
        Ok(resilience::deadline().is_some())
    }
    #[timeout(config = *config, mode = cooperative)]
    fn in_place(config: &TimeoutConfig) -> Result<bool, TimedOut> {
        Ok(resilience::deadline().is_some())
    }
    assert_eq!(on_a_worker(), Ok(true));
    assert_eq!(in_place(&DB), Ok(true));
}
