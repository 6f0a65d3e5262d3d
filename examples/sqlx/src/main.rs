//! Transactions in `SQLite` with `sqlx`: a whole transaction is repeated and never a statement in
//! one, a pool without a free connection is not a slow query, and a broken rule is not retried.
//!
//! `cargo run -p resilience-example-sqlx`

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use resilience::{CircuitOpen, RetryEvent, TimedOut, circuit_breaker, registry, retry, timeout};
use resilience_examples::timeline;
use sqlx::{
    Connection, Row, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};

#[derive(Debug, thiserror::Error)]
enum BankError {
    /// Another transaction was faster. The same one may succeed now.
    #[error("the transaction lost a race: {0}")]
    Conflict(#[source] sqlx::Error),
    /// This process has no free connection, so the database was not asked.
    #[error("the pool has no free connection")]
    PoolEmpty,
    #[error("the balance is too low")]
    TooLow,
    #[error("the database failed: {0}")]
    Database(#[source] sqlx::Error),
    #[error(transparent)]
    TimedOut(#[from] TimedOut),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

/// The codes of errors after which the transaction has had no effect and may be repeated: in
/// `SQLite` "busy" (5) and "the snapshot is old" (517). In `PostgreSQL` they are "40001"
/// (serialization failure) and "40P01" (deadlock), in `MySQL` "1213" and "1205".
fn is_conflict(code: &str) -> bool {
    matches!(code, "5" | "517" | "40001" | "40P01")
}

impl From<sqlx::Error> for BankError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::PoolEmpty,
            sqlx::Error::Database(database) => match database.code() {
                Some(code) if is_conflict(&code) => Self::Conflict(error),
                // SQLITE_CONSTRAINT_CHECK: the rule of the table.
                Some(code) if code == "275" => Self::TooLow,
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}

struct Bank {
    pool: SqlitePool,
    /// The number of transactions that were begun.
    begun: AtomicU32,
}

impl Bank {
    async fn open(database: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(database)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // The retry waits. A connection that waits holds its place in the pool.
            .busy_timeout(Duration::ZERO);
        let pool = SqlitePoolOptions::new()
            .max_connections(2)
            // Shorter than the timeout of the attempt, so that an empty pool is told from a slow
            // query.
            .acquire_timeout(Duration::from_millis(500))
            .connect_with(options)
            .await?;
        let begun = AtomicU32::new(0);
        Ok(Self { pool, begun })
    }

    /// Moves money. An attempt is the whole transaction, because a failed statement has undone
    /// those before it: the `commit` that is retried alone would commit nothing.
    ///
    /// An attempt that is dropped, at its timeout, rolls back.
    #[retry(max_retries = 5, base_delay = 20ms, jitter = equal, retry_on(BankError::Conflict(_)), on_retry = report_retry)]
    #[circuit_breaker(name = "bank", failure_threshold = 5, failure_on(BankError::Database(_) | BankError::TimedOut(_)))]
    #[timeout(1s)]
    async fn transfer(&self, from: &str, to: &str, amount: i64) -> Result<(), BankError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let mut transaction = self.pool.begin().await?;
        for (name, change) in [(from, -amount), (to, amount)] {
            sqlx::query("UPDATE accounts SET balance = balance + ? WHERE name = ?")
                .bind(change)
                .bind(name)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Reads a balance, in 2 s. The wait for a connection is a part of that.
    #[timeout(2s)]
    async fn balance(&self, name: &str) -> Result<i64, BankError> {
        let row = sqlx::query("SELECT balance FROM accounts WHERE name = ?")
            .bind(name)
            .fetch_one(&self.pool)
            .await?;
        Ok(row.get(0))
    }

    /// A query that takes far longer than it may.
    #[timeout(200ms)]
    async fn slow_report(&self) -> Result<i64, BankError> {
        let query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000000) \
                     SELECT max(i) FROM n";
        Ok(sqlx::query(query).fetch_one(&self.pool).await?.get(0))
    }
}

fn report_retry<T>(event: &RetryEvent<'_, T, BankError>) {
    if let Err(error) = event.outcome {
        let retry = format_args!("retry {}", event.attempt);
        timeline::timed(retry, "in", event.delay, error);
    }
}

async fn create_accounts(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    for statement in [
        "CREATE TABLE accounts (name TEXT PRIMARY KEY, balance INTEGER CHECK (balance >= 0)) STRICT",
        "INSERT INTO accounts VALUES ('Ann', 100), ('Bob', 0)",
    ] {
        sqlx::query(statement).execute(pool).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("bank.db");
    let bank = Bank::open(&database).await?;
    create_accounts(&bank.pool).await?;

    timeline::chapter("Another process writes for 150 ms");
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", database.display())).await?;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await?;
    let writer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(150)).await;
        sqlx::query("COMMIT").execute(&mut other).await
    });
    bank.transfer("Ann", "Bob", 30).await?;
    writer.await??;
    let balances = (bank.balance("Ann").await?, bank.balance("Bob").await?);
    timeline::line(
        "bank",
        format_args!("Ann has {}, Bob has {}", balances.0, balances.1),
    );
    assert_eq!(balances, (70, 30), "the money was moved once");
    assert!(bank.begun.load(Ordering::SeqCst) > 1, "it was retried");

    timeline::chapter("A transfer that breaks a rule in its first statement");
    bank.begun.store(0, Ordering::SeqCst);
    let error = bank.transfer("Ann", "Bob", 1000).await.unwrap_err();
    timeline::line("bank", &error);
    assert!(matches!(error, BankError::TooLow));
    assert_eq!(bank.begun.load(Ordering::SeqCst), 1, "it is not retried");
    assert_eq!(bank.balance("Ann").await?, 70);

    timeline::chapter("Two requests hold the two connections");
    let held = (bank.pool.acquire().await?, bank.pool.acquire().await?);
    let error = bank.balance("Ann").await.unwrap_err();
    timeline::line("bank", &error);
    assert!(matches!(error, BankError::PoolEmpty), "no query was slow");
    drop(held);

    timeline::chapter("A query is slow");
    let error = bank.slow_report().await.unwrap_err();
    timeline::line("bank", &error);
    assert!(
        matches!(error, BankError::TimedOut(_)),
        "the pool has a connection"
    );

    let circuit = registry::stats("bank").expect("it was called");
    assert_eq!(
        circuit.failures, 0,
        "neither a race nor a rule is a fault of the database"
    );
    Ok(())
}
