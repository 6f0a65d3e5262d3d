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
    /// The window of a rate is so many calls instead of a time.
    pub(crate) window_calls: Option<u32>,
    pub(crate) minimum_calls: u32,
    pub(crate) recovery_timeout: Duration,
    pub(crate) recovery_multiplier: u32,
    pub(crate) max_recovery_timeout: Option<Duration>,
    pub(crate) success_threshold: u32,
    pub(crate) half_open_max_calls: usize,
    pub(crate) slow_call: Option<Duration>,
    pub(crate) slow_rate: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum OpensAt {
    Failures(u32),
    Rate(f64),
    Consecutive(u32),
}

/// The kind and the length of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Window {
    /// The failures of a time.
    Moments(Duration),
    /// All calls of a time.
    Time(Duration),
    /// The last calls.
    Calls(u32),
    /// The failures since the latest success.
    Row,
}

impl Options {
    fn rated(&self) -> Window {
        self.window_calls
            .map_or(Window::Time(self.window), Window::Calls)
    }

    fn window_of_failures(&self) -> Window {
        match self.opens_at {
            OpensAt::Failures(_) => Window::Moments(self.window),
            OpensAt::Rate(_) => self.rated(),
            OpensAt::Consecutive(_) => Window::Row,
        }
    }

    /// A circuit without a limit for slow calls has no slow calls to count.
    fn window_of_slow_calls(&self) -> Option<Window> {
        self.slow_rate.and(self.slow_call).map(|_| self.rated())
    }

    fn limit(&self) -> Option<u32> {
        match self.opens_at {
            OpensAt::Failures(limit) | OpensAt::Consecutive(limit) => Some(limit),
            OpensAt::Rate(_) => None,
        }
    }

    fn minimum(&self) -> u32 {
        self.window_calls
            .map_or(self.minimum_calls, |calls| calls.min(self.minimum_calls))
    }
}

/// The end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    Failure,
    /// A failure whose error asks for this open time.
    Hinting(Duration),
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

/// A listener hears of: from, to, why, failures in the window, how long it refuses, whether an error
/// is shown.
pub(crate) type Step = (
    CircuitState,
    CircuitState,
    TransitionReason,
    u32,
    Option<Duration>,
    bool,
);

#[derive(Debug)]
pub(crate) struct Reference {
    options: Options,
    now: Duration,
    phase: Phase,
    since: Duration,
    /// Outcomes of calls from an earlier stay are late.
    stay: u64,
    /// Every outcome since the window of failures was last emptied: when, and whether it was a
    /// failure.
    history: Vec<(Duration, bool)>,
    /// Every outcome since the window of slow calls was last emptied: when, and whether it was slow.
    slow_history: Vec<(Duration, bool)>,
    /// The openings from half-open since the circuit was closed.
    reopenings: u32,
    /// The error that opened it last was shown.
    has_error: bool,
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
            slow_history: Vec::new(),
            reopenings: 0,
            has_error: false,
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
        if options.window_of_failures() == self.options.window_of_failures() {
            // A circuit keeps as many failures as its limit needs.
            self.keep_failures(self.options.limit());
        } else {
            self.history.clear();
        }
        if options.window_of_slow_calls() != self.options.window_of_slow_calls() {
            self.slow_history.clear();
        }
        self.options = options;
        self.keep_failures(options.limit());
    }

    fn keep_failures(&mut self, limit: Option<u32>) {
        let Some(limit) = limit else { return };
        let failures = self.history.iter().rev();
        let kept: Vec<_> = match self.options.window_of_failures() {
            Window::Row => failures.take_while(|(_, failed)| *failed).collect(),
            _ => failures.filter(|(_, failed)| *failed).collect(),
        };
        self.history = kept
            .into_iter()
            .take(limit as usize)
            .rev()
            .copied()
            .collect();
    }

    /// The number of failures that opens the circuit.
    pub(crate) fn failure_threshold(&self) -> Option<u32> {
        self.options.limit()
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
        let slow = limit.is_some_and(|limit| self.now - call.admitted > limit);
        let too_slow = slow && self.options.window_of_slow_calls().is_none();
        let failed = too_slow || matches!(end, End::Failure | End::Hinting(_) | End::Panicked);
        self.free_slot(call);
        if !failed && end == End::Ignored {
            self.books.ignored += 1;
            return;
        }
        self.history.push((self.now, failed));
        self.slow_history.push((self.now, slow));
        let hint = match end {
            End::Hinting(hint) => Some(hint),
            _ => None,
        };
        let slowness = (slow && self.is_too_slow()).then_some(TransitionReason::SlowRate);
        if failed {
            self.books.failures += 1;
            let over = self.is_over().then_some(match self.options.opens_at {
                OpensAt::Failures(_) => TransitionReason::Failures,
                OpensAt::Rate(_) => TransitionReason::Rate,
                OpensAt::Consecutive(_) => TransitionReason::Consecutive,
            });
            match (self.phase, over.or(slowness)) {
                (Phase::HalfOpen, _) => self.open(TransitionReason::ProbeFailed, hint),
                (Phase::Closed, Some(reason)) => self.open(reason, hint),
                _ => {}
            }
        } else {
            self.books.successes += 1;
            if let (Phase::Closed, Some(reason)) = (self.phase, slowness) {
                return self.open(reason, None);
            }
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
            self.phase = self.open_for(self.open_time(None));
            self.opened_because = TransitionReason::Command;
        } else {
            self.open(TransitionReason::Command, None);
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
        self.has_error = false;
        self.enter(Phase::Isolated, TransitionReason::Command);
    }

    pub(crate) fn reset(&mut self) {
        if self.phase == Phase::Closed {
            self.history.clear();
            self.slow_history.clear();
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

    /// How long the circuit is open, if it opens now: the hint within its limits, or the time that
    /// grows with every opening from half-open.
    fn open_time(&self, hint: Option<Duration>) -> Duration {
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

    fn open_for(&self, time: Duration) -> Phase {
        Phase::Open((time != Duration::MAX).then(|| self.now + time))
    }

    fn open(&mut self, reason: TransitionReason, hint: Option<Duration>) {
        if self.phase != Phase::Isolated {
            self.books.opened += 1;
        }
        if self.phase == Phase::HalfOpen {
            self.reopenings += 1;
        }
        self.opened_because = reason;
        self.has_error = hint.is_some();
        self.enter(self.open_for(self.open_time(hint)), reason);
    }

    fn close(&mut self, reason: TransitionReason) {
        self.books.closed += 1;
        self.reopenings = 0;
        self.history.clear();
        self.slow_history.clear();
        self.enter(Phase::Closed, reason);
    }

    fn enter(&mut self, phase: Phase, reason: TransitionReason) {
        let shown = |phase| match phase {
            Phase::Closed => Closed,
            Phase::Open(_) | Phase::Isolated => Open,
            Phase::HalfOpen => HalfOpen,
        };
        let wait = match phase {
            Phase::Open(Some(until)) => Some(until - self.now),
            Phase::Open(None) => Some(Duration::MAX),
            _ => None,
        };
        self.steps.push((
            shown(self.phase),
            shown(phase),
            reason,
            self.failure_count(),
            wait,
            self.has_error && matches!(phase, Phase::Open(_)),
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

    /// The outcomes of `history` that lie in the window.
    fn in_window<'h>(
        &self,
        window: Window,
        history: &'h [(Duration, bool)],
    ) -> &'h [(Duration, bool)] {
        let first = match window {
            Window::Moments(length) | Window::Time(length) => {
                history.partition_point(|(at, _)| self.now - *at >= length)
            }
            Window::Calls(calls) => history.len().saturating_sub(calls as usize),
            Window::Row => history
                .iter()
                .rposition(|(_, failed)| !failed)
                .map_or(0, |success| success + 1),
        };
        &history[first..]
    }

    pub(crate) fn failure_count(&self) -> u32 {
        let window = self.in_window(self.options.window_of_failures(), &self.history);
        let failures = marked(window);
        self.options
            .limit()
            .map_or(failures, |limit| failures.min(limit))
    }

    pub(crate) fn failure_rate(&self) -> Option<f64> {
        let OpensAt::Rate(_) = self.options.opens_at else {
            return None;
        };
        self.share(self.options.window_of_failures(), &self.history)
    }

    pub(crate) fn slow_rate(&self) -> Option<f64> {
        self.share(self.options.window_of_slow_calls()?, &self.slow_history)
    }

    pub(crate) fn has_error(&self) -> bool {
        self.has_error
    }

    fn share(&self, window: Window, history: &[(Duration, bool)]) -> Option<f64> {
        let window = self.in_window(window, history);
        let calls = u32::try_from(window.len()).expect("a short history");
        (calls >= self.options.minimum()).then(|| f64::from(marked(window)) / f64::from(calls))
    }

    fn is_over(&self) -> bool {
        match self.options.opens_at {
            OpensAt::Failures(limit) | OpensAt::Consecutive(limit) => self.failure_count() >= limit,
            OpensAt::Rate(rate) => self.failure_rate().is_some_and(|now| now >= rate),
        }
    }

    fn is_too_slow(&self) -> bool {
        let limit = self.options.slow_rate;
        limit.is_some_and(|limit| self.slow_rate().is_some_and(|now| now >= limit))
    }
}

fn marked(outcomes: &[(Duration, bool)]) -> u32 {
    let marked = outcomes.iter().filter(|(_, is_marked)| *is_marked).count();
    u32::try_from(marked).expect("a short history")
}
