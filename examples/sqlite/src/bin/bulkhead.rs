//! Two hundred tasks share a pool of five connections to a `SQLite` file: the bulkhead lets five of
//! them in at a time, the others wait in their order, and no task finds the pool empty.
//!
//! `cargo run -p resilience-example-sqlite --bin bulkhead`

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use resilience::{BulkheadFull, bulkhead, registry};
use resilience_examples::timeline;
use rusqlite::{Connection, params};
use tokio::task::{JoinError, JoinSet, spawn_blocking};

const CONNECTIONS: u32 = 5;
const TASKS: u32 = 200;

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Task(#[from] JoinError),
    #[error(transparent)]
    Full(#[from] BulkheadFull),
    #[error("no connection is free")]
    PoolIsEmpty,
}

/// The connections that no task uses.
struct Pool {
    idle: Mutex<Vec<Connection>>,
    in_use: AtomicUsize,
    most_in_use: AtomicUsize,
}

impl Pool {
    fn open(database: &Path) -> rusqlite::Result<Self> {
        let connect = |_| {
            let connection = Connection::open(database)?;
            connection.busy_timeout(Duration::from_secs(10))?;
            connection.pragma_update(None, "journal_mode", "wal")?;
            Ok(connection)
        };
        Ok(Self {
            idle: Mutex::new(
                (0..CONNECTIONS)
                    .map(connect)
                    .collect::<rusqlite::Result<_>>()?,
            ),
            in_use: AtomicUsize::new(0),
            most_in_use: AtomicUsize::new(0),
        })
    }

    /// Runs `job` with a connection. A pool that has none left is an error here, so that the
    /// example shows that the bulkhead prevents it.
    fn with_connection<T>(
        &self,
        job: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let connection = self.idle.lock().unwrap().pop();
        let connection = connection.ok_or(StoreError::PoolIsEmpty)?;
        let in_use = self.in_use.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_use.fetch_max(in_use, Ordering::SeqCst);
        let outcome = job(&connection);
        self.in_use.fetch_sub(1, Ordering::SeqCst);
        self.idle.lock().unwrap().push(connection);
        Ok(outcome?)
    }
}

// Writing and reading share the slots by the name, because they share the connections.
#[bulkhead(CONNECTIONS, max_wait = 30s, name = "orders")]
async fn save(pool: Arc<Pool>, id: u32) -> Result<(), StoreError> {
    let job = move |connection: &Connection| {
        std::thread::sleep(Duration::from_millis(2));
        connection.execute("INSERT INTO orders (id) VALUES (?1)", params![id])
    };
    spawn_blocking(move || pool.with_connection(job)).await??;
    Ok(())
}

// A page that nobody waits for is refused at once if all connections are busy.
#[bulkhead(CONNECTIONS, name = "orders")]
async fn count(pool: Arc<Pool>) -> Result<u32, StoreError> {
    let job = |connection: &Connection| {
        connection.query_row("SELECT count(*) FROM orders", [], |row| row.get(0))
    };
    spawn_blocking(move || pool.with_connection(job)).await?
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let pool = Arc::new(Pool::open(&folder.path().join("shop.sqlite"))?);
    pool.with_connection(|connection| {
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)", [])
    })?;

    timeline::chapter("200 tasks write through five connections.");
    let started = Instant::now();
    let mut tasks: JoinSet<_> = (0..TASKS).map(|id| save(Arc::clone(&pool), id)).collect();
    while let Some(saved) = tasks.join_next().await {
        saved??;
    }
    timeline::timed("save", "ok", started.elapsed(), "200 orders");
    let most = pool.most_in_use.load(Ordering::SeqCst);
    println!("  at most {most} connections were in use at the same time");
    assert!(most <= CONNECTIONS as usize, "the bulkhead lets five in");
    assert_eq!(count(Arc::clone(&pool)).await?, TASKS);

    timeline::chapter("200 tasks ask at once, and do not wait.");
    let asked = (0..TASKS).map(|_| count(Arc::clone(&pool)));
    let mut tasks: JoinSet<_> = asked.collect();
    let (mut answered, mut refused) = (0, 0);
    while let Some(counted) = tasks.join_next().await {
        match counted? {
            Ok(orders) => {
                assert_eq!(orders, TASKS);
                answered += 1;
            }
            Err(StoreError::Full(full)) => {
                if refused == 0 {
                    println!("  {full}");
                }
                refused += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    println!("  {answered} answered, {refused} refused at once");

    let stats = registry::bulkhead("orders").expect("called, so registered");
    println!(
        "  {} admitted, {} refused, {} in use",
        stats.admitted, stats.refused, stats.in_use
    );
    assert_eq!((stats.in_use, stats.waiting), (0, 0));
    assert_eq!(
        (stats.admitted, stats.refused),
        (u64::from(TASKS) + 1 + answered, refused)
    );
    Ok(())
}
