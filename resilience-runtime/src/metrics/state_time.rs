//! The time that circuits spend in each state, from one update to the next.

use std::time::Duration;

/// The states as labels, in the order of the arrays of this module.
pub(super) const STATES: [&str; 4] = ["closed", "open", "half_open", "isolated"];

/// The times of one circuit, or the sums of the circuits of a name with keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StateTime {
    /// The circuits in each state at the last update.
    last: [u64; 4],
    times: [Duration; 4],
}

impl StateTime {
    /// Counts the time since the last update, `passed`, and returns the sums.
    ///
    /// A single circuit has been in its state for `in_state`, and before that in the state that the
    /// last update saw. A state that came and went between two updates is not seen.
    pub(super) fn advance(
        &mut self,
        now: [u64; 4],
        in_state: Option<Duration>,
        passed: Duration,
    ) -> [Duration; 4] {
        let recent = in_state.unwrap_or(passed).min(passed);
        let before = passed.saturating_sub(recent);
        for (state, time) in self.times.iter_mut().enumerate() {
            let seen = |counts: [u64; 4]| u32::try_from(counts[state]).unwrap_or(u32::MAX);
            *time = time
                .saturating_add(recent.saturating_mul(seen(now)))
                .saturating_add(before.saturating_mul(seen(self.last)));
        }
        self.last = now;
        self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const CLOSED: [u64; 4] = [1, 0, 0, 0];
    const OPEN: [u64; 4] = [0, 1, 0, 0];

    #[test]
    fn a_change_between_two_updates_divides_the_time() {
        let mut time = StateTime::default();
        assert_eq!(
            time.advance(CLOSED, Some(SECOND), Duration::ZERO),
            [Duration::ZERO; 4]
        );
        let times = time.advance(OPEN, Some(3 * SECOND), 10 * SECOND);
        assert_eq!(times[..2], [7 * SECOND, 3 * SECOND]);
        let times = time.advance(OPEN, Some(13 * SECOND), 10 * SECOND);
        assert_eq!(times[..2], [7 * SECOND, 13 * SECOND]);
    }

    #[test]
    fn the_circuits_of_a_name_with_keys_add_up() {
        let mut time = StateTime::default();
        time.advance([3, 1, 0, 0], None, Duration::ZERO);
        let times = time.advance([3, 0, 1, 0], None, SECOND);
        assert_eq!(times, [3 * SECOND, Duration::ZERO, SECOND, Duration::ZERO]);
    }
}
