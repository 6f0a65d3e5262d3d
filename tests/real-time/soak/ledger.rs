//! The record of the callers, to be compared with those of the circuit and of the server.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The end of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Answered,
    Down,
    TimedOut,
    Refused,
    /// The caller lost patience and dropped it.
    Cancelled,
}

/// Durations by powers of two of a microsecond.
const BUCKETS: usize = 32;

#[derive(Default)]
pub(crate) struct Ledger {
    begun: AtomicU64,
    ended: [AtomicU64; 5],
    /// Attempts whose body began to run, and their next request's number.
    attempts: AtomicU64,
    refusals: AtomicU64,
    longest: AtomicU64,
    durations: [AtomicU64; BUCKETS],
}

impl Ledger {
    pub(crate) fn call_begins(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn call_ended(&self, end: End, after: Duration) {
        self.ended[end as usize].fetch_add(1, Ordering::SeqCst);
        let micros = u64::try_from(after.as_micros()).expect("a call of less than ages");
        self.longest.fetch_max(micros, Ordering::SeqCst);
        let bucket = (u64::BITS - micros.leading_zeros()) as usize;
        self.durations[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// A number that no other request has.
    pub(crate) fn attempt_begins(&self) -> u64 {
        self.attempts.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) fn refused(&self) {
        self.refusals.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    pub(crate) fn ended(&self, end: End) -> u64 {
        self.ended[end as usize].load(Ordering::SeqCst)
    }

    pub(crate) fn all_ended(&self) -> u64 {
        self.ended
            .iter()
            .map(|count| count.load(Ordering::SeqCst))
            .sum()
    }

    pub(crate) fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::SeqCst)
    }

    pub(crate) fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::SeqCst)
    }

    pub(crate) fn longest(&self) -> Duration {
        Duration::from_micros(self.longest.load(Ordering::SeqCst))
    }

    /// At least this part of the calls took at most as long.
    pub(crate) fn percentile(&self, percent: u64) -> Duration {
        let counts = self
            .durations
            .each_ref()
            .map(|count| count.load(Ordering::Relaxed));
        let wanted = counts.iter().sum::<u64>() * percent / 100;
        let mut seen = 0;
        let reached = |count: &u64| {
            seen += count;
            seen >= wanted
        };
        let bucket = counts.iter().position(reached).unwrap_or(BUCKETS - 1);
        Duration::from_micros(1 << bucket)
    }
}
