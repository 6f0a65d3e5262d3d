//! A generator of random numbers.

/// The generator `SplitMix64`. It is small and fast, which is enough, because nobody gains by
/// guessing a delay.
#[derive(Debug)]
pub(crate) struct Generator(u64);

impl Generator {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number from `[0, 1)`, uniformly distributed.
    // 53 bits are the precision of the type, so nothing is lost.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn draw(&mut self) -> f64 {
        const NUMBERS: u64 = 1 << f64::MANTISSA_DIGITS;
        (self.next() % NUMBERS) as f64 / NUMBERS as f64
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_published_algorithm() {
        let mut generator = Generator::new(1_234_567);
        let numbers = [0; 3].map(|_| generator.next());
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn each_tenth_of_the_range_is_drawn_alike() {
        let mut generator = Generator::new(7);
        let mut tenths = [0; 10];
        for _ in 0..100_000 {
            let drawn = generator.draw();
            assert!((0.0..1.0).contains(&drawn));
            let tenth = (0..9).find(|&at| drawn < f64::from(at + 1) / 10.0);
            tenths[usize::try_from(tenth.unwrap_or(9)).expect("a digit")] += 1;
        }
        // The standard deviation of each count is 95.
        assert!(
            tenths.iter().all(|&count| (9_500..10_500).contains(&count)),
            "{tenths:?}"
        );
    }
}
