//! The recent outcomes of a circuit, as its criteria need them.

mod calls;
mod failures;
mod moments;
mod share;
mod slices;

use self::{
    failures::{Failures, FailuresKind},
    share::{Length, Share},
};
use super::{active_config::ActiveConfig, config::Criterion, transition::TransitionReason};
use crate::clock::NEVER;

/// The kinds and lengths of the windows that a configuration asks for. A window of another kind or
/// length starts empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WindowKinds {
    failures: FailuresKind,
    slow: Option<Length>,
}

impl WindowKinds {
    pub(super) fn of(config: &ActiveConfig) -> Self {
        let length = match config.window_calls() {
            Some(calls) => Length::Calls(calls),
            None => Length::Time(config.failure_window()),
        };
        Self {
            failures: match config.criterion() {
                Criterion::Count(_) => FailuresKind::Moments(config.failure_window()),
                Criterion::Rate(_) => FailuresKind::Share(length),
                Criterion::Consecutive(_) => FailuresKind::Row,
            },
            slow: config.slow_rate().map(|_| length),
        }
    }
}

/// The recent outcomes: one window for the criterion of failures, and another one for the share of
/// slow calls if the circuit opens by that, too.
#[derive(Debug)]
pub(super) enum Window {
    Failures(Failures),
    /// Both are in a box, so that the many circuits without a slow rate are small.
    WithSlow(Box<WithSlow>),
}

#[derive(Debug)]
pub(super) struct WithSlow {
    failures: Failures,
    slow: Share,
}

impl Window {
    pub(super) fn new(config: &ActiveConfig) -> Self {
        let kinds = WindowKinds::of(config);
        Self::of(Failures::new(kinds.failures), kinds.slow.map(Share::new))
    }

    fn of(failures: Failures, slow: Option<Share>) -> Self {
        match slow {
            Some(slow) => Self::WithSlow(Box::new(WithSlow { failures, slow })),
            None => Self::Failures(failures),
        }
    }

    #[inline]
    fn parts(&mut self) -> (&mut Failures, Option<&mut Share>) {
        match self {
            Self::Failures(failures) => (failures, None),
            Self::WithSlow(both) => (&mut both.failures, Some(&mut both.slow)),
        }
    }

    /// Each window that successes enter.
    fn shares(&mut self) -> impl Iterator<Item = &mut Share> {
        let (failures, slow) = self.parts();
        failures.share_mut().into_iter().chain(slow)
    }

    /// Adapts to a changed `config`. The windows were of the kinds `before`. One of another kind or
    /// length starts empty, so none of the `successes` so far lies in it.
    pub(super) fn reconfigure(
        &mut self,
        config: &ActiveConfig,
        before: WindowKinds,
        successes: u64,
    ) {
        let kinds = WindowKinds::of(config);
        let mut adapted = Self::new(config);
        adapted.skip(successes);
        let (failures, slow) = adapted.parts();
        let (old_failures, old_slow) = self.parts();
        if kinds.failures == before.failures {
            std::mem::swap(failures, old_failures);
        }
        if let (Some(slow), Some(old_slow)) = (slow, old_slow) {
            if kinds.slow == before.slow {
                std::mem::swap(slow, old_slow);
            }
        }
        adapted.parts().0.limit(config);
        *self = adapted;
    }

    /// Takes over the successes that came since this was called last, out of all `successes`.
    #[inline]
    pub(super) fn take_over(&mut self, successes: u64) {
        self.shares().for_each(|share| share.take_over(successes));
    }

    /// Leaves out the successes that came since then.
    pub(super) fn skip(&mut self, successes: u64) {
        self.shares().for_each(|share| share.skip(successes));
    }

    /// The moment until which successes may be counted without the lock, because they enter the
    /// running slice: 0 where none enters a window.
    #[inline]
    pub(super) fn turns_at(&self, config: &ActiveConfig) -> u64 {
        let turns_at = |share: &Share| share.turns_at(config.failure_window());
        match self {
            Self::Failures(failures) => failures.share().map_or(0, turns_at),
            Self::WithSlow(both) => {
                let failures = both.failures.share().map_or(NEVER, turns_at);
                failures.min(turns_at(&both.slow))
            }
        }
    }

    /// True if a success would end a row of failures.
    #[inline]
    pub(super) fn is_in_row(&self) -> bool {
        match self {
            Self::Failures(failures) => failures.is_in_row(),
            Self::WithSlow(both) => both.failures.is_in_row(),
        }
    }

    /// Counts a success, and returns the reason if the circuit has to open because it was slow. The
    /// caller counts it among all successes, too.
    pub(super) fn success(
        &mut self,
        config: &ActiveConfig,
        now: u64,
        is_slow: bool,
    ) -> Option<TransitionReason> {
        let (failures, slow) = self.parts();
        failures.success(config, now);
        slow.and_then(|slow| count_slow(slow, config, now, is_slow, true))
    }

    /// Counts a failure of a threshold if it only adds a moment, and returns true.
    #[inline]
    pub(super) fn add_failure(&mut self, config: &ActiveConfig, now: u64) -> bool {
        match self {
            Self::Failures(failures) => failures.add(config, now),
            Self::WithSlow(_) => false,
        }
    }

    /// Counts a failure, and returns the reason if the circuit has to open with it. If it has to
    /// for two reasons, the criterion of failures gives the reason.
    #[inline]
    pub(super) fn failure(
        &mut self,
        config: &ActiveConfig,
        now: u64,
        is_slow: bool,
    ) -> Option<TransitionReason> {
        match self {
            Self::Failures(failures) => failures.failure(config, now),
            Self::WithSlow(both) => both.failure(config, now, is_slow),
        }
    }

    /// The failures in the window, or in a row. They are never more than the limit, because older
    /// ones are forgotten.
    pub(super) fn failures(&mut self, config: &ActiveConfig, now: u64) -> u32 {
        self.parts().0.count(config, now)
    }

    /// The rate of failures, if the circuit opens by one and `minimum_calls` lie in the window.
    pub(super) fn rate(&mut self, config: &ActiveConfig, now: u64) -> Option<f64> {
        let share = self.parts().0.share_mut()?;
        share_now(share, config, now)
    }

    /// The share of slow calls, if the circuit opens by one and `minimum_calls` lie in the window.
    pub(super) fn slow_rate(&mut self, config: &ActiveConfig, now: u64) -> Option<f64> {
        let share = self.parts().1?;
        share_now(share, config, now)
    }

    /// The moment from which the window decides as an empty one does, if no call comes. `NEVER` if
    /// only a call can bring that about.
    pub(super) fn fresh_at(&mut self, config: &ActiveConfig, now: u64) -> u64 {
        let (failures, slow) = self.parts();
        let slow_at = slow.map_or(0, |slow| slow.fresh_at(config.failure_window(), now));
        failures.fresh_at(config, now).max(slow_at)
    }

    pub(super) fn clear(&mut self) {
        let (failures, slow) = self.parts();
        failures.clear();
        if let Some(slow) = slow {
            slow.clear();
        }
    }
}

impl WithSlow {
    /// It is out of line, so that the failure of a circuit without a slow rate is short.
    #[inline(never)]
    fn failure(
        &mut self,
        config: &ActiveConfig,
        now: u64,
        is_slow: bool,
    ) -> Option<TransitionReason> {
        let reason = self.failures.failure(config, now);
        reason.or(count_slow(&mut self.slow, config, now, is_slow, false))
    }
}

/// Counts a call in the window of slow calls. Only a slow call opens the circuit.
fn count_slow(
    slow: &mut Share,
    config: &ActiveConfig,
    now: u64,
    is_slow: bool,
    is_success: bool,
) -> Option<TransitionReason> {
    slow.record(config.failure_window(), now, is_slow, is_success);
    let limit = config.slow_rate().filter(|_| is_slow)?;
    let share = share_now(slow, config, now)?;
    (share >= limit).then_some(TransitionReason::SlowRate)
}

fn share_now(share: &mut Share, config: &ActiveConfig, now: u64) -> Option<f64> {
    share.share(config.failure_window(), now, config.minimum_calls())
}

#[cfg(test)]
mod tests;
