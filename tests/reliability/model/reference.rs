//! A circuit breaker that is slow and obviously right: it forgets nothing and computes every answer
//! from its history.

use std::time::Duration;

use resilience::{
    CircuitState::{self, Closed, HalfOpen, Open},
    TransitionReason,
};

/// The options, as numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) opens_at: OpensAt,
    pub(crate) window: Duration,
    pub(crate) recovery_timeout: Duration,
    pub(crate) success_threshold: u32,
    pub(crate) half_open_max_calls: usize,
    pub(crate) slow_call: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum OpensAt {
    Failures(u32),
    Rate { rate: f64, minimum_calls: u32 },
}

/// The end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    Failure,
    Ignored,
    /// Dropped without an outcome.
    Abandoned,
    /// A panic of its own.
    Panicked,
}

/// A call that was admitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    number: u64,
    stay: u64,
    admitted: Duration,
    /// Only a call that began while there was a `slow_call` can be too slow.
    is_timed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    /// Probes from then on; `None` is never.
    Open(Option<Duration>),
    HalfOpen,
    Isolated,
}

/// The expected statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Books {
    pub(crate) successes: u64,
    pub(crate) failures: u64,
    pub(crate) ignored: u64,
    pub(crate) refused: u64,
    pub(crate) abandoned: u64,
    pub(crate) late: u64,
    pub(crate) opened: u64,
    pub(crate) half_opened: u64,
    pub(crate) closed: u64,
}

/// A listener hears of: from, to, why, failures in the window, how long it refuses.
pub(crate) type Step = (
    CircuitState,
    CircuitState,
    TransitionReason,
    u32,
    Option<Duration>,
);

#[derive(Debug)]
pub(crate) struct Reference {
    options: Options,
    now: Duration,
    phase: Phase,
    since: Duration,
    /// Outcomes of calls from an earlier stay are late.
    stay: u64,
    /// Every outcome since the circuit was last emptied: when, and whether it was a failure.
    history: Vec<(Duration, bool)>,
    /// The calls that hold a probe slot, in the order of their admission.
    probes: Vec<Call>,
    successes_in_a_row: u32,
    admitted: u64,
    opened_because: TransitionReason,
    pub(crate) books: Books,
    pub(crate) steps: Vec<Step>,
}

impl Reference {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            now: Duration::ZERO,
            phase: Phase::Closed,
            since: Duration::ZERO,
            stay: 0,
            history: Vec::new(),
            probes: Vec::new(),
            successes_in_a_row: 0,
            admitted: 0,
            opened_because: TransitionReason::Command,
            books: Books::default(),
            steps: Vec::new(),
        }
    }

    /// Takes other options for all decisions from now on.
    pub(crate) fn reconfigure(&mut self, options: Options) {
        let is_same_window = options.window == self.options.window
            && matches!(
                (options.opens_at, self.options.opens_at),
                (OpensAt::Failures(_), OpensAt::Failures(_))
                    | (OpensAt::Rate { .. }, OpensAt::Rate { .. })
            );
        if is_same_window {
            // A circuit keeps as many failures as the threshold needs.
            self.keep_failures(self.failure_threshold());
        } else {
            self.history.clear();
        }
        self.options = options;
        self.keep_failures(self.failure_threshold());
    }

    fn keep_failures(&mut self, threshold: Option<u32>) {
        let Some(threshold) = threshold else { return };
        self.history.retain(|(_, failed)| *failed);
        let excess = self.history.len().saturating_sub(threshold as usize);
        self.history.drain(..excess);
    }

    pub(crate) fn failure_threshold(&self) -> Option<u32> {
        match self.options.opens_at {
            OpensAt::Failures(threshold) => Some(threshold),
            OpensAt::Rate { .. } => None,
        }
    }

    pub(crate) fn advance(&mut self, time: Duration) {
        self.now += time;
    }

    pub(crate) fn state(&self) -> CircuitState {
        match self.phase {
            Phase::Closed => Closed,
            Phase::Open(Some(until)) if self.now >= until => HalfOpen,
            Phase::Open(_) | Phase::Isolated => Open,
            Phase::HalfOpen => HalfOpen,
        }
    }

    pub(crate) fn time_in_state(&self) -> Duration {
        match self.phase {
            Phase::Open(Some(until)) if self.now >= until => self.now - until,
            _ => self.now - self.since,
        }
    }

    /// Returns the time until a call is admitted, if it would not be now and not for ever.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let moment = match self.phase {
            Phase::Closed | Phase::Isolated => return None,
            Phase::Open(until) => until,
            Phase::HalfOpen if self.probes.len() < self.options.half_open_max_calls => return None,
            Phase::HalfOpen => {
                let reclaimed_at = self.recovery_after(self.probes[0].admitted);
                let is_taken = reclaimed_at.is_none_or(|moment| moment > self.now);
                return is_taken.then_some(Duration::ZERO);
            }
        };
        match moment {
            None => Some(Duration::MAX),
            Some(moment) => moment.checked_sub(self.now).filter(|wait| !wait.is_zero()),
        }
    }

    pub(crate) fn admit(&mut self) -> Result<Call, (TransitionReason, Option<Duration>)> {
        if let Phase::Open(Some(until)) = self.phase {
            if self.now >= until {
                self.books.half_opened += 1;
                self.enter(Phase::HalfOpen, TransitionReason::RecoveryElapsed);
                // It reads half-open from that moment on, whenever the first call comes.
                self.since = until;
            }
        }
        let passes = match self.phase {
            Phase::Closed => true,
            Phase::HalfOpen => self.retry_after().is_none(),
            Phase::Open(_) | Phase::Isolated => false,
        };
        if !passes {
            self.books.refused += 1;
            return Err((self.opened_because, self.retry_after()));
        }
        self.admitted += 1;
        let call = Call {
            number: self.admitted,
            stay: self.stay,
            admitted: self.now,
            is_timed: self.options.slow_call.is_some(),
        };
        if self.phase == Phase::HalfOpen {
            if self.probes.len() >= self.options.half_open_max_calls {
                self.probes.remove(0);
            }
            self.probes.push(call);
        }
        Ok(call)
    }

    pub(crate) fn finish(&mut self, call: Call, end: End) {
        if end == End::Abandoned {
            self.books.abandoned += 1;
            return self.free_slot(call);
        }
        if call.stay != self.stay {
            self.books.late += 1;
            return;
        }
        let limit = self.options.slow_call.filter(|_| call.is_timed);
        let too_slow = limit.is_some_and(|limit| self.now - call.admitted > limit);
        let failed = too_slow || matches!(end, End::Failure | End::Panicked);
        self.free_slot(call);
        if !failed && end == End::Ignored {
            self.books.ignored += 1;
            return;
        }
        self.history.push((self.now, failed));
        if failed {
            self.books.failures += 1;
            match self.phase {
                Phase::HalfOpen => self.open(TransitionReason::ProbeFailed),
                Phase::Closed if self.is_over() => self.open(match self.options.opens_at {
                    OpensAt::Failures(_) => TransitionReason::Failures,
                    OpensAt::Rate { .. } => TransitionReason::Rate,
                }),
                _ => {}
            }
        } else {
            self.books.successes += 1;
            self.successes_in_a_row += 1;
            if self.phase == Phase::HalfOpen
                && self.successes_in_a_row >= self.options.success_threshold
            {
                self.close(TransitionReason::ProbesSucceeded);
            }
        }
    }

    pub(crate) fn trip(&mut self) {
        if let Phase::Open(_) = self.phase {
            if self.state() == HalfOpen {
                self.since = self.now;
            }
            self.phase = Phase::Open(self.recovery_after(self.now));
            self.opened_because = TransitionReason::Command;
        } else {
            self.open(TransitionReason::Command);
        }
    }

    pub(crate) fn isolate(&mut self) {
        if self.phase == Phase::Isolated {
            return;
        }
        if !matches!(self.phase, Phase::Open(_)) {
            self.books.opened += 1;
        }
        self.opened_because = TransitionReason::Command;
        self.enter(Phase::Isolated, TransitionReason::Command);
    }

    pub(crate) fn reset(&mut self) {
        if self.phase == Phase::Closed {
            self.history.clear();
            self.stay += 1;
        } else {
            self.close(TransitionReason::Command);
        }
    }

    /// When `recovery_timeout` from then on is over, if ever.
    fn recovery_after(&self, moment: Duration) -> Option<Duration> {
        let timeout = self.options.recovery_timeout;
        (timeout != Duration::MAX).then(|| moment + timeout)
    }

    fn open(&mut self, reason: TransitionReason) {
        if self.phase != Phase::Isolated {
            self.books.opened += 1;
        }
        self.opened_because = reason;
        self.enter(Phase::Open(self.recovery_after(self.now)), reason);
    }

    fn close(&mut self, reason: TransitionReason) {
        self.books.closed += 1;
        self.history.clear();
        self.enter(Phase::Closed, reason);
    }

    fn enter(&mut self, phase: Phase, reason: TransitionReason) {
        let shown = |phase| match phase {
            Phase::Closed => Closed,
            Phase::Open(_) | Phase::Isolated => Open,
            Phase::HalfOpen => HalfOpen,
        };
        let wait = matches!(phase, Phase::Open(_)).then_some(self.options.recovery_timeout);
        self.steps.push((
            shown(self.phase),
            shown(phase),
            reason,
            self.failure_count(),
            wait,
        ));
        self.phase = phase;
        self.since = self.now;
        self.stay += 1;
        self.probes.clear();
        self.successes_in_a_row = 0;
    }

    fn free_slot(&mut self, call: Call) {
        self.probes.retain(|probe| probe.number != call.number);
    }

    fn in_window(&self) -> impl Iterator<Item = bool> {
        let young = |at: &Duration| self.now - *at < self.options.window;
        self.history
            .iter()
            .filter(move |(at, _)| young(at))
            .map(|(_, failed)| *failed)
    }

    pub(crate) fn failure_count(&self) -> u32 {
        let failures = u32::try_from(self.in_window().filter(|failed| *failed).count())
            .expect("a short history");
        match self.options.opens_at {
            OpensAt::Failures(threshold) => failures.min(threshold),
            OpensAt::Rate { .. } => failures,
        }
    }

    pub(crate) fn failure_rate(&self) -> Option<f64> {
        let OpensAt::Rate { minimum_calls, .. } = self.options.opens_at else {
            return None;
        };
        let calls = u32::try_from(self.in_window().count()).expect("a short history");
        (calls >= minimum_calls).then(|| f64::from(self.failure_count()) / f64::from(calls))
    }

    fn is_over(&self) -> bool {
        match self.options.opens_at {
            OpensAt::Failures(threshold) => self.failure_count() >= threshold,
            OpensAt::Rate { rate, .. } => self.failure_rate().is_some_and(|now| now >= rate),
        }
    }
}
