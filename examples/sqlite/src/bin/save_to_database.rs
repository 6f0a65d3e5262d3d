//! Writes to a `SQLite` file while another connection holds its write lock: busy is retried, a
//! broken rule is not.
//!
//! `cargo run -p resilience-example-sqlite --bin save_to_database`

use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use resilience::{RetryEvent, retry};
use resilience_example_sqlite::WriteLock;
use resilience_examples::timeline;
use rusqlite::{Connection, ErrorCode, params};

struct Order {
    id: u32,
    item: &'static str,
}

struct Orders {
    connection: Mutex<Connection>,
}

impl Orders {
    fn open(database: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(database)?;
        // SQLite would wait by itself, and keep everybody else from the connection meanwhile.
        connection.busy_timeout(Duration::ZERO)?;
        connection.execute(
            "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL)",
            [],
        )?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    // The body is one attempt: between two of them the connection is free.
    #[retry(max_retries = 40, strategy = linear, base_delay = 20ms, max_delay = 250ms, jitter = equal,
            retry_on(rusqlite::Error::SqliteFailure(failure, _) if failure.code == ErrorCode::DatabaseBusy),
            on_retry = report_retry)]
    fn save(&self, order: &Order) -> rusqlite::Result<()> {
        let connection = self.connection.lock().unwrap();
        connection.execute(
            "INSERT INTO orders (id, item) VALUES (?1, ?2)",
            params![order.id, order.item],
        )?;
        Ok(())
    }
}

/// A service would count this in its metrics.
static RETRIES: AtomicUsize = AtomicUsize::new(0);

fn report_retry<T>(event: &RetryEvent<'_, T, rusqlite::Error>) {
    RETRIES.fetch_add(1, Ordering::SeqCst);
    if let Err(error) = event.outcome {
        timeline::timed(
            format_args!("retry {}", event.attempt),
            "in",
            event.delay,
            error,
        );
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("shop.sqlite");
    let orders = Orders::open(&database)?;
    let order = Order {
        id: 1,
        item: "teapot",
    };

    timeline::chapter("Another connection is writing.");
    let lock = WriteLock::take(&database);
    let writer = lock.release_when(|| RETRIES.load(Ordering::SeqCst) >= 4);
    save(&orders, &order)?;
    writer.join().expect("the other connection commits");
    let retries = RETRIES.load(Ordering::SeqCst);
    assert!(retries >= 4, "the lock was held until the fourth retry");

    timeline::chapter("The order is there already.");
    let error = save(&orders, &order).expect_err("two orders cannot have one number");
    assert_eq!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation)
    );
    assert_eq!(
        RETRIES.load(Ordering::SeqCst),
        retries,
        "no attempt is wasted on it"
    );

    timeline::chapter("What is in the file");
    let saved: Vec<(u32, String)> = Connection::open(&database)?
        .prepare("SELECT id, item FROM orders")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (id, item) in &saved {
        println!("  order {id}: {item}");
    }
    assert_eq!(
        saved,
        [(1, "teapot".to_owned())],
        "saved once, in spite of all attempts"
    );
    Ok(())
}

fn save(orders: &Orders, order: &Order) -> rusqlite::Result<()> {
    let started = Instant::now();
    let outcome = orders.save(order);
    match &outcome {
        Ok(()) => timeline::timed(
            "save",
            "ok",
            started.elapsed(),
            format_args!("order {}", order.id),
        ),
        Err(error) => timeline::timed("save", "FAILED", started.elapsed(), error),
    }
    outcome
}
