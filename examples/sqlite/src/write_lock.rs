//! The peer of the programs: another writer in the same database.

use std::{
    path::Path,
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;

/// Another process at work in a `SQLite` file: as long as it holds the write lock, writers get
/// `SQLITE_BUSY`.
#[derive(Debug)]
pub struct WriteLock(Connection);

impl WriteLock {
    /// Begins to write, on a connection of its own.
    ///
    /// # Panics
    /// If the file is no database, or somebody else writes to it.
    pub fn take(database: &Path) -> Self {
        let connection = Connection::open(database).expect("the file is a database");
        connection
            .execute_batch("BEGIN IMMEDIATE")
            .expect("nobody else writes");
        Self(connection)
    }

    /// Commits, from another thread, as soon as the condition holds.
    ///
    /// # Panics
    /// The thread does, if a reader is in the way.
    pub fn release_when(self, condition: impl Fn() -> bool + Send + 'static) -> JoinHandle<()> {
        thread::spawn(move || {
            while !condition() {
                thread::sleep(Duration::from_millis(5));
            }
            self.0
                .execute_batch("COMMIT")
                .expect("no reader is in the way");
        })
    }
}
