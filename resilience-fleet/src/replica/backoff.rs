//! The pauses between attempts to reach the store.

use std::time::Duration;

/// Pauses that grow from 0.1 s to 5 s.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

const FIRST: Duration = Duration::from_millis(100);
pub(super) const LONGEST: Duration = Duration::from_secs(5);

impl Backoff {
    pub(super) fn new() -> Self {
        Self(FIRST)
    }

    /// The next pause. `jitter` is from 0 to 1, and spreads the replicas over half of it.
    pub(super) fn next(&mut self, jitter: f64) -> Duration {
        let pause = self.0;
        self.0 = (2 * pause).min(LONGEST);
        pause.mul_f64(0.5 + 0.5 * jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_five_seconds() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..8).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(Backoff::new().next(0.0), FIRST / 2);
    }
}
