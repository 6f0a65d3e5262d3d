//! The conversion of a timeout's error into the function's own error.

use std::cell::Cell;
use std::error::Error;
use std::future::pending;
use std::io;
use std::time::Duration;

use resilience::{TimedOut, timeout};
use tokio::time::sleep;

#[derive(Debug, PartialEq)]
enum DbError {
    Timeout(TimedOut),
    Unavailable,
    Slow { limit: Duration },
    Caused { by: TimedOut },
    Coded(u16),
    Text(String),
}

impl From<TimedOut> for DbError {
    fn from(late: TimedOut) -> Self {
        Self::Timeout(late)
    }
}

impl From<u16> for DbError {
    fn from(code: u16) -> Self {
        Self::Coded(code)
    }
}

impl DbError {
    const GONE: Self = Self::Coded(410);

    fn slow(late: TimedOut) -> Self {
        Self::Caused { by: late }
    }

    fn coded(code: u16) -> Self {
        Self::Coded(code)
    }
}

fn explain(late: TimedOut) -> DbError {
    DbError::Caused { by: late }
}

const TEXT: &str = "`query` timed out after 5s";

#[tokio::test(start_paused = true)]
async fn an_enum_of_ones_own_takes_it_through_from() {
    #[timeout(5s)]
    async fn query() -> Result<(), DbError> {
        pending().await
    }
    let Err(DbError::Timeout(late)) = query().await else {
        panic!("not through `From`")
    };
    assert_eq!(
        (late.operation(), late.limit()),
        (concat!(module_path!(), "::query"), Duration::from_secs(5))
    );
}

#[tokio::test(start_paused = true)]
async fn an_io_error_takes_it_with_its_kind() {
    #[timeout(5s)]
    async fn query() -> io::Result<()> {
        pending().await
    }
    let error = query().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(error.to_string(), TEXT);
    assert!(error.downcast::<TimedOut>().is_ok());
}

#[tokio::test(start_paused = true)]
async fn anyhow_takes_it() {
    #[timeout(5s)]
    async fn query() -> anyhow::Result<()> {
        pending().await
    }
    let error = query().await.unwrap_err();
    assert_eq!(error.to_string(), TEXT);
    let operation = error.downcast_ref().map(TimedOut::operation);
    assert_eq!(operation, Some(concat!(module_path!(), "::query")));
}

#[tokio::test(start_paused = true)]
async fn boxed_errors_take_it() {
    #[timeout(5s)]
    async fn query() -> Result<(), Box<dyn Error + Send + Sync>> {
        pending().await
    }
    #[timeout(5s)]
    async fn local() -> Result<(), Box<dyn Error>> {
        pending().await
    }
    let error = query().await.unwrap_err();
    assert_eq!(error.to_string(), TEXT);
    let operation = error.downcast_ref().map(TimedOut::operation);
    assert_eq!(operation, Some(concat!(module_path!(), "::query")));
    assert_eq!(
        local()
            .await
            .unwrap_err()
            .downcast_ref()
            .map(TimedOut::operation),
        Some(concat!(module_path!(), "::local"))
    );
}

#[tokio::test(start_paused = true)]
async fn an_alias_of_result_takes_it() {
    type DbResult<T, E = DbError> = Result<T, E>;
    type Done = DbResult<()>;
    #[timeout(5s)]
    async fn query() -> DbResult<u8> {
        pending().await
    }
    #[timeout(5s)]
    async fn alone() -> Done {
        pending().await
    }
    assert!(matches!(query().await, Err(DbError::Timeout(_))));
    assert!(matches!(alone().await, Err(DbError::Timeout(_))));
}

#[tokio::test(start_paused = true)]
async fn a_generic_error_takes_it_through_its_bound() {
    #[timeout(5s)]
    async fn query<T, E: From<TimedOut>>() -> Result<T, E> {
        pending().await
    }
    assert!(matches!(
        query::<(), DbError>().await,
        Err(DbError::Timeout(_))
    ));
    assert_eq!(
        query::<u8, io::Error>().await.unwrap_err().kind(),
        io::ErrorKind::TimedOut
    );
}

#[tokio::test(start_paused = true)]
async fn error_may_be_a_function() {
    #[timeout(5s, error = explain)]
    async fn query() -> Result<(), DbError> {
        pending().await
    }
    #[timeout(5s, error = DbError::slow)]
    async fn associated() -> Result<(), DbError> {
        pending().await
    }
    #[timeout(5s, error = DbError::from)]
    async fn one_of_several() -> Result<(), DbError> {
        pending().await
    }
    assert!(
        matches!(query().await, Err(DbError::Caused { by }) if by.operation() == concat!(module_path!(), "::query"))
    );
    assert!(
        matches!(associated().await, Err(DbError::Caused { by }) if by.operation() == concat!(module_path!(), "::associated"))
    );
    assert!(matches!(one_of_several().await, Err(DbError::Timeout(_))));
}

#[tokio::test(start_paused = true)]
async fn error_may_be_a_function_of_self() {
    struct Db;
    impl Db {
        fn late(late: TimedOut) -> DbError {
            DbError::Caused { by: late }
        }

        #[timeout(5s, error = Self::late)]
        async fn query(&self) -> Result<(), DbError> {
            pending().await
        }
    }
    assert!(
        matches!(Db.query().await, Err(DbError::Caused { by }) if by.operation() == concat!(module_path!(), "::query"))
    );
}

#[tokio::test(start_paused = true)]
async fn error_may_be_a_tuple_variant() {
    #[timeout(5s, error = DbError::Timeout)]
    async fn query() -> Result<(), DbError> {
        pending().await
    }
    let Err(DbError::Timeout(late)) = query().await else {
        panic!("not the variant")
    };
    assert_eq!(late.operation(), concat!(module_path!(), "::query"));
}

#[tokio::test(start_paused = true)]
async fn error_may_be_a_closure_that_uses_the_arguments() {
    struct Db {
        code: u16,
    }
    impl Db {
        #[timeout(5s, error = |_| DbError::Coded(self.code))]
        async fn query(&self) -> Result<(), DbError> {
            pending().await
        }
    }
    #[timeout(5s, error = |late| DbError::Text(format!("{table}: {late}")))]
    async fn query(table: &str) -> Result<(), DbError> {
        pending().await
    }
    assert_eq!(
        query("users").await,
        Err(DbError::Text(
            "users: `query` timed out after 5s".to_owned()
        ))
    );
    assert_eq!(Db { code: 504 }.query().await, Err(DbError::Coded(504)));
}

#[tokio::test(start_paused = true)]
async fn error_may_be_a_value() {
    #[timeout(5s, error = DbError::Unavailable)]
    async fn unit_variant() -> Result<(), DbError> {
        pending().await
    }
    #[timeout(5s, error = DbError::coded(504))]
    async fn call() -> Result<(), DbError> {
        pending().await
    }
    #[timeout(5s, error = DbError::GONE)]
    async fn constant() -> Result<(), DbError> {
        pending().await
    }
    #[timeout(5s, error = DbError::Slow { limit })]
    async fn fields(limit: Duration) -> Result<(), DbError> {
        pending().await
    }
    #[timeout(5s, error = format!("{table} is slow"))]
    async fn of_an_argument(table: &str) -> Result<(), String> {
        pending().await
    }
    assert_eq!(unit_variant().await, Err(DbError::Unavailable));
    assert_eq!(call().await, Err(DbError::Coded(504)));
    assert_eq!(constant().await, Err(DbError::Coded(410)));
    assert_eq!(
        fields(Duration::ZERO).await,
        Err(DbError::Slow {
            limit: Duration::ZERO
        })
    );
    assert_eq!(
        of_an_argument("users").await,
        Err("users is slow".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn error_is_evaluated_only_for_an_expiry() {
    fn gone(made: &Cell<u32>) -> DbError {
        made.set(made.get() + 1);
        DbError::GONE
    }
    #[timeout(5s, error = gone(made))]
    async fn query(takes: Duration, made: &Cell<u32>) -> Result<u8, DbError> {
        sleep(takes).await;
        Ok(7)
    }
    let made = Cell::new(0);
    assert_eq!(query(Duration::from_secs(4), &made).await, Ok(7));
    assert_eq!(made.get(), 0);
    assert_eq!(
        query(Duration::from_secs(6), &made).await,
        Err(DbError::GONE)
    );
    assert_eq!(made.get(), 1);
}

#[test]
fn a_sync_function_takes_every_form() {
    // A limit of zero is reached before the body begins, on every machine.
    const NONE: Duration = Duration::ZERO;
    #[timeout(limit)]
    fn from(limit: Duration) -> Result<(), DbError> {
        unreachable!("{limit:?}")
    }
    #[timeout(limit)]
    fn io(limit: Duration) -> io::Result<()> {
        unreachable!("{limit:?}")
    }
    #[timeout(limit, error = explain)]
    fn function(limit: Duration) -> Result<(), DbError> {
        unreachable!("{limit:?}")
    }
    #[timeout(limit, error = DbError::Timeout)]
    fn tuple_variant(limit: Duration) -> Result<(), DbError> {
        unreachable!("{limit:?}")
    }
    #[timeout(limit, error = |late| DbError::Text(format!("{late} {code}")))]
    fn closure(limit: Duration, code: u16) -> Result<(), DbError> {
        unreachable!("{limit:?}, {code}")
    }
    #[timeout(limit, error = DbError::Unavailable)]
    fn unit_variant(limit: Duration) -> Result<(), DbError> {
        unreachable!("{limit:?}")
    }
    #[timeout(limit, error = DbError::coded(504))]
    fn call(limit: Duration) -> Result<(), DbError> {
        unreachable!("{limit:?}")
    }
    assert!(matches!(from(NONE), Err(DbError::Timeout(_))));
    assert_eq!(io(NONE).unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert!(
        matches!(function(NONE), Err(DbError::Caused { by }) if by.operation() == concat!(module_path!(), "::function"))
    );
    assert!(matches!(tuple_variant(NONE), Err(DbError::Timeout(_))));
    assert_eq!(
        closure(NONE, 504),
        Err(DbError::Text(
            "`closure` timed out after 0ns 504".to_owned()
        ))
    );
    assert_eq!(unit_variant(NONE), Err(DbError::Unavailable));
    assert_eq!(call(NONE), Err(DbError::Coded(504)));
}
