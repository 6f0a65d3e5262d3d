//! Counting calls without two threads writing to one cache line.

use std::{cell::Cell, sync::atomic::AtomicUsize};

use crate::sync::atomic::{AtomicU64, Ordering};

/// What became of a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    Success,
    Failure,
    Ignored,
    Refused,
    Abandoned,
    Late,
}

/// With these a circuit takes 512 bytes in all; under loom more of them would only be more states.
const STRIPES: usize = if cfg!(loom) { 1 } else { 4 };

/// One cache line: all counts of the threads that are assigned to it.
#[derive(Debug)]
#[repr(align(64))]
struct Stripe([AtomicU64; 6]);

/// Calls by outcome, striped by thread: adding is one uncontended instruction, reading sums the stripes.
///
/// Boxed, as the alignment would cost the circuit more in padding than the pointer does.
#[derive(Debug)]
pub(super) struct Tally(Box<[Stripe; STRIPES]>);

impl Tally {
    #[cfg(test)]
    pub(super) const ALLOCATED: usize = size_of::<[Stripe; STRIPES]>();

    pub(super) fn new() -> Self {
        let stripe = |_| Stripe(std::array::from_fn(|_| AtomicU64::new(0)));
        Self(Box::new(std::array::from_fn(stripe)))
    }

    #[inline]
    pub(super) fn add(&self, count: Count) {
        self.0[stripe()].0[count as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sum(&self, count: Count) -> u64 {
        let of = |stripe: &Stripe| stripe.0[count as usize].load(Ordering::Relaxed);
        self.0.iter().map(of).fold(0, u64::wrapping_add)
    }
}

thread_local! {
    static STRIPE: Cell<usize> = const { Cell::new(usize::MAX) };
}

#[inline]
fn stripe() -> usize {
    let stripe = STRIPE.get();
    if stripe < STRIPES { stripe } else { assign() }
}

/// Threads take turns, so that up to four that start together share nothing.
#[cold]
fn assign() -> usize {
    // Not from `crate::sync`: loom's atomics cannot be statics, and no decision hangs on this one.
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let stripe = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % STRIPES;
    STRIPE.set(stripe);
    stripe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_between_threads() {
        let tally = Tally::new();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        tally.add(Count::Success);
                        tally.add(Count::Late);
                    }
                });
            }
        });
        assert_eq!(tally.sum(Count::Success), 6_000);
        assert_eq!(tally.sum(Count::Late), 6_000);
        assert_eq!(tally.sum(Count::Failure), 0);
    }

    #[test]
    fn a_stripe_is_a_cache_line() {
        assert_eq!(size_of::<Stripe>(), 64);
    }
}
