//! The circuits of a family: found by key under a lock that readers share, added and forgotten
//! under another one.

// The locks are the standard library's, because no lock-free decision depends on them.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{
    eviction::{EvictionQueue, Standing, Verdict},
    key_hash::{KeyHash, is_same},
    stats::Calls,
    table::Table,
};
use crate::{circuit::breaker::CircuitBreaker, clock::NEVER};

/// The circuit of one key.
///
/// The table has two references to it. A call has a further one from its look-up until its end, so
/// a circuit with more than two is in use.
#[derive(Debug)]
pub(super) struct Entry {
    hash: u64,
    key: Arc<str>,
    pub(super) circuit: CircuitBreaker,
}

const REFERENCES_OF_THE_TABLE: usize = 2;

impl Entry {
    fn judge(&self, idle: u64, now: u64, references: usize) -> Verdict {
        let circuit = self.circuit.shared();
        // A circuit without a usage is none of a family.
        let Some(usage) = circuit.usage() else {
            return Verdict::NotBefore(NEVER);
        };
        let is_in_use = references > REFERENCES_OF_THE_TABLE || usage.has_permits();
        let standing = Standing {
            is_in_use,
            idle_since: usage.idle_since(),
            fresh_at: circuit.fresh_at(now),
        };
        standing.judge(idle, now)
    }
}

/// Many enough that threads with different keys seldom meet at a lock.
const SHARDS: usize = 16;

/// A part of the keys. It is aligned so that two locks do not lie in one cache line.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Shard(RwLock<Table<Arc<Entry>>>);

impl Shard {
    fn read(&self) -> RwLockReadGuard<'_, Table<Arc<Entry>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table<Arc<Entry>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The circuits by key.
#[derive(Debug)]
pub(super) struct Circuits {
    hash: KeyHash,
    shards: Box<[Shard; SHARDS]>,
    changes: Mutex<Changes>,
}

/// The things that change with the keys. A thread that holds their lock may lock a shard, and never
/// the reverse.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// All circuits. The place of a circuit is its number in the queue.
    entries: Vec<Option<Arc<Entry>>>,
    free: Vec<u32>,
    queue: EvictionQueue,
    /// Circuits of new keys are isolated.
    pub(super) is_isolated: bool,
    pub(super) overflow: Option<CircuitBreaker>,
    pub(super) evicted: u64,
    /// The calls of the circuits that were forgotten.
    pub(super) calls_of_evicted: Calls,
}

/// A key with its hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hashed<'k> {
    hash: u64,
    key: &'k str,
}

impl Circuits {
    pub(super) fn new() -> Self {
        Self {
            hash: KeyHash::new(),
            shards: Box::default(),
            changes: Mutex::default(),
        }
    }

    #[inline]
    pub(super) fn hash<'k>(&self, key: &'k str) -> Hashed<'k> {
        Hashed {
            hash: self.hash.hash(key),
            key,
        }
    }

    /// The shard of a hash. The table in it uses the low bits.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "four bits are left")]
    fn shard(&self, hash: u64) -> &Shard {
        &self.shards[(hash >> (u64::BITS - SHARDS.ilog2())) as usize % SHARDS]
    }

    #[expect(
        clippy::inline_always,
        reason = "the compiler does not inline it by itself, and a call is a twentieth of a look-up"
    )]
    #[inline(always)]
    pub(super) fn find(&self, Hashed { hash, key }: Hashed<'_>) -> Option<Arc<Entry>> {
        let shard = self.shard(hash).read();
        shard.get(hash, |entry| is_same(&entry.key, key)).cloned()
    }

    pub(super) fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a circuit that is not evictable before a moment. The caller has looked, under the lock
    /// of `changes`, that the key has none.
    pub(super) fn add(
        &self,
        changes: &mut Changes,
        Hashed { hash, .. }: Hashed<'_>,
        key: Arc<str>,
        circuit: CircuitBreaker,
        not_before: u64,
    ) -> Arc<Entry> {
        let entry = Arc::new(Entry { hash, key, circuit });
        let id = changes.keep(Arc::clone(&entry));
        changes.queue.add(id, not_before);
        self.shard(hash).write().insert(hash, Arc::clone(&entry));
        entry
    }

    /// Takes out the circuit that has been idle the longest, if one is evictable.
    pub(super) fn evict(&self, changes: &mut Changes, idle: u64, now: u64) -> Option<Arc<Entry>> {
        loop {
            let Changes { entries, queue, .. } = changes;
            let judge = |id: u32| {
                let entry = entries.get(id as usize).and_then(Option::as_ref);
                // The queue holds the numbers of circuits that are there.
                entry.map_or(Verdict::NotBefore(NEVER), |entry| {
                    entry.judge(idle, now, Arc::strong_count(entry))
                })
            };
            let id = queue.take(now, judge)?;
            let entry = entries.get(id as usize).and_then(Option::as_ref)?;
            match self.remove(entry, idle, now) {
                Ok(()) => {
                    changes.evicted += 1;
                    let entry = changes.release(id)?;
                    changes.calls_of_evicted.add(&entry.circuit.stats());
                    return Some(entry);
                }
                Err(not_before) => queue.add(id, not_before),
            }
        }
    }

    /// Takes the circuit out of its shard, unless a call has come in the meantime. The lock keeps
    /// other calls from finding it.
    fn remove(&self, entry: &Arc<Entry>, idle: u64, now: u64) -> Result<(), u64> {
        let mut shard = self.shard(entry.hash).write();
        match entry.judge(idle, now, Arc::strong_count(entry)) {
            Verdict::Evictable { .. } => {
                shard.remove(entry.hash, |other| Arc::ptr_eq(other, entry));
                Ok(())
            }
            Verdict::NotBefore(moment) => Err(moment.max(now.saturating_add(1))),
        }
    }
}

impl Changes {
    pub(super) fn length(&self) -> u32 {
        u32::try_from(self.entries.len() - self.free.len()).unwrap_or(u32::MAX)
    }

    /// The handles of all circuits, so that nothing is done with them under the lock.
    pub(super) fn handles(&self) -> Vec<CircuitBreaker> {
        let entries = self.entries.iter().flatten();
        entries.map(|entry| entry.circuit.clone()).collect()
    }

    pub(super) fn handles_and_overflow(&self) -> Vec<CircuitBreaker> {
        let mut handles = self.handles();
        handles.extend(self.overflow.clone());
        handles
    }

    pub(super) fn judge_anew(&mut self) {
        self.queue.judge_anew();
    }

    fn keep(&mut self, entry: Arc<Entry>) -> u32 {
        if let Some(id) = self.free.pop() {
            self.entries[id as usize] = Some(entry);
            return id;
        }
        self.entries.push(Some(entry));
        u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
    }

    fn release(&mut self, id: u32) -> Option<Arc<Entry>> {
        let entry = self.entries.get_mut(id as usize)?.take();
        self.free.push(id);
        entry
    }
}
