//! The random numbers that jitter is drawn with.

use core::cell::RefCell;
use core::hash::{BuildHasher, Hasher};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::hash::RandomState;

thread_local! {
    /// A small and fast generator is enough, because nobody gains by guessing a delay. The
    /// generator that `rand` has for each thread is a cipher, and adds a second to the build. The
    /// seed is a key of std's hash maps, because that is random and differs from thread to thread.
    static GENERATOR: RefCell<SmallRng> =
        RefCell::new(SmallRng::seed_from_u64(RandomState::new().build_hasher().finish()));
}

/// Returns a number from `[0, 1)`, uniformly distributed.
pub(crate) fn draw() -> f64 {
    #[cfg(feature = "test-util")]
    if let Some(drawn) = crate::scope::draw() {
        return drawn;
    }
    // A call may end in the destructor of a thread that has no generator any more. One number is as
    // good as another there.
    let drawn = GENERATOR.try_with(|generator| generator.borrow_mut().random());
    drawn.unwrap_or(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_draws_numbers_of_its_own() {
        let draws = || core::array::from_fn::<_, 4, _>(|_| draw().to_bits());
        let here = draws();
        let there = std::thread::spawn(draws).join().expect("no panic");
        assert_ne!(here, there);
        assert_ne!(here, draws());
        assert!(
            here.into_iter()
                .chain(there)
                .all(|drawn| (0.0..1.0).contains(&f64::from_bits(drawn)))
        );
    }
}
