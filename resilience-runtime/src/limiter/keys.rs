//! The limiters of one name, one for each key.

use std::{
    panic::Location,
    // The types are the standard library's, because no lock-free decision depends on them.
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    config::{CommonSettings, LimiterConfig},
    counts::{KeyCounts, Totals},
    found::KeyedLimiter,
    limiter::Limiter,
    present::Present,
    report::Report,
    value::Keyed,
};
use crate::{
    by_name::Name,
    clock,
    keyed::{Changes, Excerpt, Hashed, KeyText, KeyedMap},
    reports::ReportedCount,
};

/// The limiters by key. Each is made with the configuration that the name has at that moment.
#[derive(Debug)]
pub(super) struct Keys<L: Limiter> {
    name: Name,
    /// The name with `{*}` behind it, of the limiter that keys without one share.
    overflow_name: Name,
    declared_at: &'static Location<'static>,
    map: KeyedMap<Keyed<L>>,
    idle: AtomicU64,
    overflow_calls: ReportedCount,
}

impl<L: Limiter> Keys<L> {
    pub(super) fn new(name: Name, declared_at: &'static Location<'static>) -> Self {
        let overflow_name = Name::Shared(format!("{}{{*}}", &*name).into());
        Self {
            name,
            overflow_name,
            declared_at,
            map: KeyedMap::new(),
            idle: AtomicU64::new(clock::NEVER),
            overflow_calls: ReportedCount::default(),
        }
    }

    /// The limiter of the key. A key without one gets one with the configuration that `present`
    /// returns, or shares the overflow limiter.
    #[inline]
    pub(super) fn limiter(
        &self,
        key: KeyText<'_>,
        present: impl Fn() -> Present<L::Config>,
    ) -> KeyedLimiter<L> {
        match key.as_short_text() {
            Some(text) => self.limiter_of(text, present),
            None => self.limiter_of_any(key, present),
        }
    }

    #[inline(never)]
    fn limiter_of_any(
        &self,
        key: KeyText<'_>,
        present: impl Fn() -> Present<L::Config>,
    ) -> KeyedLimiter<L> {
        key.read(|Excerpt { text, is_whole }| {
            if is_whole {
                self.limiter_of(text, present)
            } else {
                self.share(text, None, &present)
            }
        })
    }

    fn limiter_of(&self, text: &str, present: impl Fn() -> Present<L::Config>) -> KeyedLimiter<L> {
        let hashed = self.map.hash(text);
        match self.map.find(hashed) {
            Some(entry) => KeyedLimiter::own(entry),
            None => self.add(text, hashed, present),
        }
    }

    #[cold]
    fn add(
        &self,
        text: &str,
        hashed: Hashed<'_>,
        present: impl Fn() -> Present<L::Config>,
    ) -> KeyedLimiter<L> {
        let key: Arc<str> = text.into();
        let mut changes = self.map.changes();
        // The configuration is read under the lock, because whoever changes it asks for the keys
        // afterwards. So is the clock, because limiters that other threads used while this one
        // waited for the lock would otherwise seem to be in use in the future.
        let (now_present, now) = (present(), clock::now());
        let config = &now_present.config;
        let CommonSettings { max_keys, idle, .. } = config.common();
        let idle = clock::nanos(idle);
        if let Some(entry) = self.map.find(hashed) {
            return KeyedLimiter::own(entry);
        }
        if self.idle.swap(idle, Ordering::Relaxed) != idle {
            // The bounds of the queue were made with the time of before.
            changes.judge_anew();
        }
        let mut evicted = None;
        if changes.length() >= max_keys {
            evicted = self.map.evict(&mut changes, idle, now);
            if evicted.is_none() {
                drop(changes);
                return self.share(text, Some(max_keys), &present);
            }
        }
        let name = self.name.with_key(Arc::clone(&key), ());
        let limiter = Keyed(L::with_name(name, &now_present, self.declared_at));
        let not_before = now.saturating_add(idle);
        let entry = self.map.add(&mut changes, hashed, key, limiter, not_before);
        drop(changes);
        if let Some(evicted) = evicted {
            evicted.value.0.went();
        }
        entry.value.0.came();
        KeyedLimiter::own(entry)
    }

    /// The overflow limiter, for a key that has none of its own: beyond `max_keys`, or because the
    /// key is too long.
    #[cold]
    fn share(
        &self,
        text: &str,
        max_keys: Option<u32>,
        present: &dyn Fn() -> Present<L::Config>,
    ) -> KeyedLimiter<L> {
        if let Some(overflow) = self.overflow_calls.add(clock::now()) {
            let key = text;
            let report = match max_keys {
                Some(max_keys) => Report::Full {
                    key,
                    max_keys,
                    overflow,
                },
                None => Report::LongKey { key, overflow },
            };
            L::report(&self.name, report);
        }
        let mut changes = self.map.changes();
        // The configuration is read under the lock, as for a key.
        let make = || L::with_name(self.overflow_name.clone(), &present(), self.declared_at);
        let limiter = changes.common.overflow.get_or_insert_with(make).clone();
        drop(changes);
        KeyedLimiter::shared(limiter, self.overflow_name.with_key(text.into(), ()))
    }

    /// The limiter of the key, if it has one of its own.
    pub(super) fn get(&self, key: &str) -> Option<L> {
        let entry = self.map.find(self.map.hash(key))?;
        Some(entry.value.0.clone())
    }

    /// The limiters of all keys and the overflow limiter, so that nothing is done with them under
    /// the lock.
    pub(super) fn handles(&self) -> Vec<L> {
        handles_of(&self.map.changes())
    }

    /// The limiters of all keys that have one of their own.
    pub(super) fn handles_of_keys(&self) -> Vec<L> {
        let entries = self.map.changes().entries().into_iter();
        entries.map(|entry| entry.value.0.clone()).collect()
    }

    /// The limiter of some key.
    pub(super) fn any(&self) -> Option<L> {
        let changes = self.map.changes();
        changes.any().map(|entry| entry.value.0.clone())
    }

    /// The numbers of keys, and the sums over all limiters. A key is either forgotten or not in all
    /// of them, so that no sum falls while keys are forgotten.
    pub(super) fn totals(&self) -> Totals {
        let (mut totals, handles) = {
            let changes = self.map.changes();
            let keys = KeyCounts {
                keys: changes.length().into(),
                overflow: self.overflow_calls.get(),
                evicted: changes.evicted,
            };
            let counts = changes.common.counts_of_evicted;
            (Totals { keys, counts }, handles_of(&changes))
        };
        for limiter in handles {
            totals.counts.add(limiter.counts());
        }
        totals
    }
}

fn handles_of<L: Limiter>(changes: &Changes<Keyed<L>>) -> Vec<L> {
    let entries = changes.entries().into_iter();
    let handles = entries.map(|entry| entry.value.0.clone());
    handles.chain(changes.common.overflow.clone()).collect()
}
