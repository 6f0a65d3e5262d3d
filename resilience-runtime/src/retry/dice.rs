//! What jitter is drawn by.

use core::cell::RefCell;
use core::hash::{BuildHasher, Hasher};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::hash::RandomState;

thread_local! {
    /// Small and fast, as nobody gains by guessing a delay: rand's own for each thread is a cipher, which costs a second of
    /// building it and what it is seeded by. The keys of std's hash maps are random too, and differ from thread to thread.
    static DICE: RefCell<SmallRng> = RefCell::new(SmallRng::seed_from_u64(RandomState::new().build_hasher().finish()));
}

/// From `[0, 1)`, uniformly.
pub(super) fn throw() -> f64 {
    DICE.with_borrow_mut(RngExt::random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_has_dice_of_its_own() {
        let throws = || core::array::from_fn::<_, 4, _>(|_| throw().to_bits());
        let here = throws();
        let there = std::thread::spawn(throws).join().expect("no panic");
        assert_ne!(here, there);
        assert_ne!(here, throws());
        assert!(
            here.into_iter()
                .chain(there)
                .all(|throw| (0.0..1.0).contains(&f64::from_bits(throw)))
        );
    }
}
