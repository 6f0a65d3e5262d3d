//! Each thread has a shard of every sharded counter, so that threads that count at the same time
//! write to different cache lines.
//!
//! The first threads own their shard, and an owner counts without a locked instruction. The other
//! threads share the shards.

// No thread owns a shard under loom, except in the model of the ownership.
#![cfg_attr(all(test, loom), allow(dead_code))]

#[cfg(not(all(test, loom)))]
use std::cell::Cell;

use crate::sync::atomic::{AtomicBool, Ordering};

/// The number of shards of each counter. More shards would take a circuit beyond 512 bytes, with
/// its name, its window and its place in the registry. Loom has one, because more would only be
/// more states.
pub(crate) const SHARDS: usize = if cfg!(all(test, loom)) { 1 } else { 3 };

/// The shard of a thread, which is the same in each sharded counter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadShard {
    pub(crate) index: usize,
    /// True if no other thread writes to the words of the shard's owner.
    pub(crate) is_owner: bool,
}

impl ThreadShard {
    /// The shard of a thread that has this ownership, or of one that owns none.
    #[cfg(all(test, loom))]
    pub(crate) fn of(ownership: Option<&Ownership<'_>>) -> Self {
        Self {
            index: ownership.map_or(0, |own| own.index),
            is_owner: ownership.is_some(),
        }
    }

    /// A shard that the thread shares with others. Threads without a shard of their own take turns.
    #[cfg(not(all(test, loom)))]
    fn shared() -> Self {
        static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        Self {
            index: NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS,
            is_owner: false,
        }
    }

    /// The shard of this thread. The first threads own a shard until they end.
    #[cfg(not(all(test, loom)))]
    #[inline]
    pub(crate) fn current() -> Self {
        THREAD_SHARD.get().unwrap_or_else(take_shard)
    }

    /// The shard of this thread. No thread owns one, because loom's atomics cannot be statics.
    #[cfg(all(test, loom))]
    pub(crate) fn current() -> Self {
        Self {
            index: 0,
            is_owner: false,
        }
    }
}

#[cfg(not(all(test, loom)))]
thread_local! {
    static THREAD_SHARD: Cell<Option<ThreadShard>> = const { Cell::new(None) };
    /// The ownership stands apart from the shard, because the shard is read with every call and
    /// must not need a drop.
    static OWNERSHIP: Cell<Option<Ownership<'static>>> = const { Cell::new(None) };
}

#[cfg(not(all(test, loom)))]
#[cold]
fn take_shard() -> ThreadShard {
    static OWNERS: Owners = Owners([const { AtomicBool::new(false) }; SHARDS]);
    // A thread that ends already has no place for the ownership. It is dropped then, and the shard
    // is free again.
    let own = |ownership: Ownership<'static>| {
        let index = ownership.index;
        OWNERSHIP
            .try_with(|location| location.set(Some(ownership)))
            .ok()
            .map(|()| ThreadShard {
                index,
                is_owner: true,
            })
    };
    let thread_shard = OWNERS
        .take()
        .and_then(own)
        .unwrap_or_else(ThreadShard::shared);
    THREAD_SHARD.set(Some(thread_shard));
    thread_shard
}

/// For each shard, true if a thread owns it.
#[derive(Debug, Default)]
pub(crate) struct Owners([AtomicBool; SHARDS]);

impl Owners {
    pub(crate) fn take(&self) -> Option<Ownership<'_>> {
        // The order is `Acquire`, so that this thread sees the count of the owner before it.
        let free = |owned: &AtomicBool| {
            owned
                .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        };
        let index = self.0.iter().position(free)?;
        Some(Ownership {
            index,
            owned: &self.0[index],
        })
    }
}

/// The ownership of a shard, which ends with the drop.
#[derive(Debug)]
pub(crate) struct Ownership<'o> {
    index: usize,
    owned: &'o AtomicBool,
}

impl Drop for Ownership<'_> {
    fn drop(&mut self) {
        // The thread may still count. From now on it shares the shard.
        #[cfg(not(all(test, loom)))]
        THREAD_SHARD.set(Some(ThreadShard {
            index: self.index,
            is_owner: false,
        }));
        self.owned.store(false, Ordering::Release);
    }
}
