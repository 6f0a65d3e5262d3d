//! Values by key, at most so many: found under a lock that readers share, added and forgotten under
//! another one.

// The locks are the standard library's, because no lock-free decision depends on them.
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::{
    eviction::{EvictionQueue, Standing, Verdict},
    key_hash::{KeyHash, is_same},
    table::Table,
};
use crate::clock::NEVER;

/// A value that a key has, and that may be forgotten.
pub(crate) trait KeyedValue {
    /// The state that all keys have in common. It is kept under the lock of the changes.
    type Common: Default + fmt::Debug;

    /// The state of the value for the decision if it may be forgotten. `None` if it never may.
    fn standing(&self, now: u64) -> Option<Standing>;

    /// Keeps the counts of a value that was forgotten.
    fn note_eviction(&self, common: &mut Self::Common);
}

/// The value of one key.
///
/// The table has two references to it. A call has a further one from its look-up until its end, so
/// a value with more than two is in use.
#[derive(Debug)]
pub(crate) struct Entry<V> {
    hash: u64,
    key: Arc<str>,
    pub(crate) value: V,
}

const REFERENCES_OF_THE_TABLE: usize = 2;

impl<V: KeyedValue> Entry<V> {
    fn judge(&self, idle: u64, now: u64, references: usize) -> Verdict {
        let Some(standing) = self.value.standing(now) else {
            return Verdict::NotBefore(NEVER);
        };
        let standing = Standing {
            is_in_use: standing.is_in_use || references > REFERENCES_OF_THE_TABLE,
            ..standing
        };
        standing.judge(idle, now)
    }
}

/// Many enough that threads with different keys seldom meet at a lock.
const SHARDS: usize = 16;

/// A part of the keys. It is aligned so that two locks do not lie in one cache line.
#[derive(Debug)]
#[repr(align(64))]
struct Shard<V>(RwLock<Table<Arc<Entry<V>>>>);

impl<V> Default for Shard<V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<V> Shard<V> {
    fn read(&self) -> RwLockReadGuard<'_, Table<Arc<Entry<V>>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table<Arc<Entry<V>>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The values by key.
#[derive(Debug)]
pub(crate) struct KeyedMap<V: KeyedValue> {
    hash: KeyHash,
    shards: Box<[Shard<V>; SHARDS]>,
    changes: Mutex<Changes<V>>,
}

/// The things that change with the keys. A thread that holds their lock may lock a shard, and never
/// the reverse.
#[derive(Debug)]
pub(crate) struct Changes<V: KeyedValue> {
    /// All values. The place of a value is its number in the queue.
    entries: Vec<Option<Arc<Entry<V>>>>,
    free: Vec<u32>,
    queue: EvictionQueue,
    pub(crate) evicted: u64,
    pub(crate) common: V::Common,
}

impl<V: KeyedValue> Default for Changes<V> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            queue: EvictionQueue::default(),
            evicted: 0,
            common: V::Common::default(),
        }
    }
}

/// A key with its hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashed<'k> {
    hash: u64,
    key: &'k str,
}

impl<V: KeyedValue> KeyedMap<V> {
    pub(crate) fn new() -> Self {
        Self {
            hash: KeyHash::new(),
            shards: Box::default(),
            changes: Mutex::default(),
        }
    }

    #[inline]
    pub(crate) fn hash<'k>(&self, key: &'k str) -> Hashed<'k> {
        Hashed {
            hash: self.hash.hash(key),
            key,
        }
    }

    /// The shard of a hash. The table in it uses the low bits.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "four bits are left")]
    fn shard(&self, hash: u64) -> &Shard<V> {
        &self.shards[(hash >> (u64::BITS - SHARDS.ilog2())) as usize % SHARDS]
    }

    #[expect(
        clippy::inline_always,
        reason = "the compiler does not inline it by itself, and a call is a twentieth of a look-up"
    )]
    #[inline(always)]
    pub(crate) fn find(&self, Hashed { hash, key }: Hashed<'_>) -> Option<Arc<Entry<V>>> {
        let shard = self.shard(hash).read();
        shard.get(hash, |entry| is_same(&entry.key, key)).cloned()
    }

    pub(crate) fn changes(&self) -> MutexGuard<'_, Changes<V>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a value that is not evictable before a moment. The caller has looked, under the lock
    /// of `changes`, that the key has none.
    pub(crate) fn add(
        &self,
        changes: &mut Changes<V>,
        Hashed { hash, .. }: Hashed<'_>,
        key: Arc<str>,
        value: V,
        not_before: u64,
    ) -> Arc<Entry<V>> {
        let entry = Arc::new(Entry { hash, key, value });
        let id = changes.keep(Arc::clone(&entry));
        changes.queue.add(id, not_before);
        self.shard(hash).write().insert(hash, Arc::clone(&entry));
        entry
    }

    /// Takes out the value that has been idle the longest, if one is evictable.
    pub(crate) fn evict(
        &self,
        changes: &mut Changes<V>,
        idle: u64,
        now: u64,
    ) -> Option<Arc<Entry<V>>> {
        loop {
            let Changes { entries, queue, .. } = changes;
            let judge = |id: u32| {
                let entry = entries.get(id as usize).and_then(Option::as_ref);
                // The queue holds the numbers of values that are there.
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
                    entry.value.note_eviction(&mut changes.common);
                    return Some(entry);
                }
                Err(not_before) => queue.add(id, not_before),
            }
        }
    }

    /// Takes the value out of its shard, unless a call has come in the meantime. The lock keeps
    /// other calls from finding it.
    fn remove(&self, entry: &Arc<Entry<V>>, idle: u64, now: u64) -> Result<(), u64> {
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

impl<V: KeyedValue> Changes<V> {
    pub(crate) fn length(&self) -> u32 {
        u32::try_from(self.entries.len() - self.free.len()).unwrap_or(u32::MAX)
    }

    /// The entries of all keys, so that nothing is done with them under the lock.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry<V>>> {
        self.entries.iter().filter_map(Clone::clone).collect()
    }

    /// The entry of some key.
    pub(crate) fn any(&self) -> Option<&Arc<Entry<V>>> {
        self.entries.iter().find_map(Option::as_ref)
    }

    pub(crate) fn judge_anew(&mut self) {
        self.queue.judge_anew();
    }

    fn keep(&mut self, entry: Arc<Entry<V>>) -> u32 {
        if let Some(id) = self.free.pop() {
            self.entries[id as usize] = Some(entry);
            return id;
        }
        self.entries.push(Some(entry));
        u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
    }

    fn release(&mut self, id: u32) -> Option<Arc<Entry<V>>> {
        let entry = self.entries.get_mut(id as usize)?.take();
        self.free.push(id);
        entry
    }
}
