//! The transitions, and how long the circuit is open.

use std::{ops::RangeInclusive, time::Duration};

use resilience::TransitionReason;

use super::{
    Reference,
    phase::{Kind, Phase},
};

impl Reference {
    /// When `recovery_timeout` from then on is over, if ever.
    pub(super) fn recovery_after(&self, moment: Duration) -> Option<Duration> {
        let timeout = self.options.recovery_timeout;
        (timeout != Duration::MAX).then(|| moment + timeout)
    }

    /// How long the circuit is open, if it opens now: the hint within its limits, or the time that
    /// grows with every opening from half-open.
    pub(super) fn open_time(&self, hint: Option<Duration>) -> Duration {
        let timeout = self.options.recovery_timeout;
        let default = Duration::from_secs(600).max(timeout);
        let longest = self.options.max_recovery_timeout.unwrap_or(default);
        match hint {
            Some(hint) => hint.max(timeout).min(longest),
            None => (0..self.reopenings).fold(timeout.min(longest), |time, _| {
                time.saturating_mul(self.options.recovery_multiplier)
                    .min(longest)
            }),
        }
    }

    /// An open time that the configuration decides. The jitter is drawn by the circuit alone.
    pub(super) fn open_as_configured(&mut self, hint: Option<Duration>) -> Phase {
        let time = self.open_time(hint);
        let is_drawn = self.options.recovery_jitter > 0.0 && time != Duration::MAX;
        self.undrawn = is_drawn.then_some(time);
        self.open_for(time)
    }

    /// Returns the range of the open time that has just begun, if the circuit has drawn it.
    pub(crate) fn take_undrawn(&mut self) -> Option<RangeInclusive<Duration>> {
        let shortest = self.undrawn.take()?;
        Some(shortest..=shortest.mul_f64(1.0 + self.options.recovery_jitter))
    }

    /// Learns the open time that the circuit has drawn. `is_heard` says that a listener heard of
    /// the opening.
    pub(crate) fn draws(&mut self, time: Duration, is_heard: bool) {
        self.phase = self.open_for(time);
        if let Some(trip) = self.command.as_mut() {
            trip.until = Some(self.now + time);
        }
        if let Some(step) = self.steps.last_mut().filter(|_| is_heard) {
            step.5 = Some(time);
        }
    }

    pub(super) fn open_for(&self, time: Duration) -> Phase {
        Phase::Open((time != Duration::MAX).then(|| self.now + time))
    }

    pub(super) fn open(&mut self, reason: TransitionReason, hint: Option<Duration>) {
        if self.phase == Phase::HalfOpen {
            self.reopenings += 1;
        }
        self.opened_because = reason;
        self.has_error = hint.is_some();
        let open = self.open_as_configured(hint);
        self.enter_from(self.shown(), open, reason, self.now);
    }

    pub(super) fn close(&mut self, reason: TransitionReason) {
        self.empty();
        self.enter_from(self.shown(), Phase::Closed, reason, self.now);
    }

    /// Enters a phase. The circuit showed the phase `shown` before. A listener hears of what the
    /// circuit shows only.
    pub(super) fn enter_from(
        &mut self,
        shown: Kind,
        phase: Phase,
        reason: TransitionReason,
        since: Duration,
    ) {
        self.phase = phase;
        self.stay += 1;
        self.probes.clear();
        self.successes_in_a_row = 0;
        let now_shown = self.shown();
        if shown == now_shown {
            return;
        }
        self.since = since;
        let is_open = |kind: Kind| matches!(kind, Kind::Open | Kind::Isolated);
        let until = match phase {
            Phase::Open(until) => Some(until),
            Phase::Isolated => self.command.and_then(|command| command.until).map(Some),
            _ => None,
        };
        let until = until.filter(|_| is_open(now_shown));
        let wait = until.map(|until| until.map_or(Duration::MAX, |until| until - self.now));
        match now_shown {
            Kind::Closed => self.books.closed += 1,
            Kind::HalfOpen => self.books.half_opened += 1,
            Kind::Open | Kind::Isolated => self.books.opened += u64::from(!is_open(shown)),
        }
        self.steps.push((
            shown.state(),
            now_shown.state(),
            now_shown == Kind::Isolated,
            reason,
            self.failure_count(),
            wait,
            self.has_error && is_open(now_shown),
        ));
    }
}
