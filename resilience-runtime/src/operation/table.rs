//! The operations that have run, by name.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{
    Operation,
    counters::{Count, Counters},
};
use crate::by_name::NameTable;
use crate::scope::{here, per_scope};

per_scope! {
    static OPERATIONS: RwLock<NameTable<Entry>> = RwLock::new(NameTable::new());
}

/// One operation: the functions that have its name, the first one that ran first.
#[derive(Clone)]
pub(super) struct Entry {
    /// The counts stay for the rest of the process, because the functions do.
    pub(super) counters: &'static Counters,
    pub(super) functions: Vec<&'static Operation>,
}

impl Operation {
    /// Begins a call: the first one lists the operation in the statistics. There are no values of a
    /// file.
    #[cfg(not(feature = "config"))]
    #[inline]
    pub fn enter(&'static self) -> super::InForce {
        let operation = here!(self);
        if !operation.has_run() {
            operation.register();
        }
        super::InForce
    }

    /// Lists the operation in the statistics. Nothing changes if it is listed already.
    #[cfg(not(feature = "config"))]
    #[cold]
    pub(crate) fn register(&'static self) {
        let operation = here!(self);
        operation.list(|| add(operation));
        operation.listed();
    }

    /// Does the same, and takes the values of the configuration file that holds now.
    #[cfg(feature = "config")]
    #[cold]
    pub(crate) fn register(&'static self) {
        let operation = here!(self);
        let resolved = {
            let current = crate::file::current();
            operation.list(|| add(operation));
            operation.begin_in_file(&current)
        };
        resolved.tell();
    }
}

/// Adds a function that runs for the first time, and returns the counters of its name.
fn add(operation: &'static Operation) -> &'static Counters {
    let mut operations = write();
    let entry = operations.get_or_insert_with(operation.name(), || Entry {
        counters: Box::leak(Box::default()),
        functions: Vec::new(),
    });
    let is_known = |known: &&Operation| std::ptr::eq(*known, operation);
    if !entry.functions.iter().any(is_known) {
        entry.functions.push(operation);
    }
    entry.counters
}

/// Counts for the operation of that name. A name that no function has run under counts nothing.
pub(crate) fn count(name: &str, what: Count) {
    if let Some(entry) = read().get(name) {
        entry.counters.count(what);
    }
}

/// True if a function with that name has run.
#[cfg(feature = "config")]
pub(crate) fn has_run(name: &str) -> bool {
    read().get(name).is_some()
}

/// Copies the entry of one name.
pub(super) fn find(name: &str) -> Option<(&'static str, Entry)> {
    let operations = read();
    let (name, entry) = operations.get_key_value(name)?;
    Some((name, entry.clone()))
}

/// Copies all entries, sorted by name, so that nothing is described under the lock.
pub(super) fn all() -> Vec<(&'static str, Entry)> {
    let operations = read();
    let entries = operations.iter();
    entries
        .map(|(name, entry)| (*name, entry.clone()))
        .collect()
}

fn read() -> RwLockReadGuard<'static, NameTable<Entry>> {
    OPERATIONS.read().unwrap_or_else(PoisonError::into_inner)
}

fn write() -> RwLockWriteGuard<'static, NameTable<Entry>> {
    OPERATIONS.write().unwrap_or_else(PoisonError::into_inner)
}
