//! The random numbers that jitter is drawn with.

use std::{
    cell::RefCell,
    hash::{BuildHasher, RandomState},
};

use crate::generator::Generator;

thread_local! {
    /// The seed is a key of std's hash maps, because that is random and differs from thread to
    /// thread.
    static GENERATOR: RefCell<Generator> =
        RefCell::new(Generator::new(RandomState::new().hash_one(())));
}

/// Returns a number from `[0, 1)`, uniformly distributed.
pub(crate) fn draw() -> f64 {
    #[cfg(feature = "test-util")]
    if let Some(drawn) = crate::scope::draw() {
        return drawn;
    }
    // A call may end in the destructor of a thread that has no generator any more. One number is as
    // good as another there.
    let drawn = GENERATOR.try_with(|generator| generator.borrow_mut().draw());
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
