//! The text of the error: `operation` and `message`.

use std::future::pending;
use std::time::Duration;

use resilience::{TimedOut, timeout};

const NAME: &str = "db_query";
const TEXT: &str = "Database query took too long";

/// The name of the operation, and the text of the error.
async fn said<T>(call: impl Future<Output = Result<T, TimedOut>>) -> (String, String) {
    let late = call.await.err().expect("it takes too long");
    (late.operation().to_owned(), late.to_string())
}

fn words(operation: &str, text: &str) -> (String, String) {
    (operation.to_owned(), text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn the_operation_is_the_functions_path_and_the_text_shows_its_name() {
    #[timeout(1.5s)]
    async fn fetch_rows() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(5s)]
    async fn r#match() -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(
        said(fetch_rows()).await,
        words(
            concat!(module_path!(), "::fetch_rows"),
            "`fetch_rows` timed out after 1.5s"
        )
    );
    assert_eq!(
        said(r#match()).await,
        words(
            concat!(module_path!(), "::match"),
            "`match` timed out after 5s"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn operation_replaces_the_name() {
    #[timeout(5s, operation = "db_query")]
    async fn literal() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(5s, operation = NAME)]
    async fn constant() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(5s, operation = concat!("db", "_query"))]
    async fn concatenated() -> Result<(), TimedOut> {
        pending().await
    }
    struct Db;
    impl Db {
        const NAME: &str = NAME;

        #[timeout(5s, operation = Self::NAME)]
        async fn query(&self) -> Result<(), TimedOut> {
            pending().await
        }
    }
    let expected = words("db_query", "`db_query` timed out after 5s");
    assert_eq!(said(literal()).await, expected);
    assert_eq!(said(constant()).await, expected);
    assert_eq!(said(concatenated()).await, expected);
    assert_eq!(said(Db.query()).await, expected);
}

#[tokio::test(start_paused = true)]
async fn message_replaces_the_text_and_leaves_the_operation() {
    #[timeout(5s, message = "Database query took too long")]
    async fn literal() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(5s, message = TEXT, operation = NAME)]
    async fn constant() -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(
        said(literal()).await,
        words(concat!(module_path!(), "::literal"), TEXT)
    );
    assert_eq!(said(constant()).await, words(NAME, TEXT));
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_run_time_leaves_them_in_place() {
    #[timeout(limit, operation = "db_query", message = TEXT)]
    async fn query(limit: Duration) -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(
        said(query(Duration::from_secs(5))).await,
        words("db_query", TEXT)
    );
}

#[test]
fn a_sync_function_says_the_same() {
    // A limit of zero is reached before the body begins.
    #[timeout(limit, operation = "db_query")]
    fn named(limit: Duration) -> Result<(), TimedOut> {
        unreachable!("{limit:?}")
    }
    #[timeout(limit, message = TEXT)]
    fn explained(limit: Duration) -> Result<(), TimedOut> {
        unreachable!("{limit:?}")
    }
    let late = named(Duration::ZERO).unwrap_err();
    assert_eq!(
        (late.operation(), late.to_string()),
        ("db_query", "`db_query` timed out after 0ns".to_owned())
    );
    let late = explained(Duration::ZERO).unwrap_err();
    assert_eq!(
        (late.operation(), late.to_string()),
        (concat!(module_path!(), "::explained"), TEXT.to_owned())
    );
}
