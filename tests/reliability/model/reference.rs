//! A circuit breaker that is slow and obviously right: it forgets nothing and computes every answer
//! from its history.

use std::{ops::RangeInclusive, time::Duration};

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
    pub(crate) recovery_jitter: f64,
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
    /// It passed only because the circuit admits all calls, so it decides nothing.
    is_let_through: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    /// Probes from then on; `None` is never.
    Open(Option<Duration>),
    HalfOpen,
    Isolated,
}

/// A phase without its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Closed,
    Open,
    HalfOpen,
    Isolated,
}

impl Phase {
    fn kind(self) -> Kind {
        match self {
            Self::Closed => Kind::Closed,
            Self::Open(_) => Kind::Open,
            Self::HalfOpen => Kind::HalfOpen,
            Self::Isolated => Kind::Isolated,
        }
    }
}

impl Kind {
    fn state(self) -> CircuitState {
        match self {
            Self::Closed => Closed,
            Self::Open | Self::Isolated => Open,
            Self::HalfOpen => HalfOpen,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandKind {
    Trip,
    Isolate,
    Allow,
}

/// The command in force.
#[derive(Clone, Copy, Debug)]
struct Command {
    kind: CommandKind,
    /// `None` is never.
    until: Option<Duration>,
    /// The phase that the command took the place of, and why the circuit had opened.
    before: Option<(Phase, TransitionReason)>,
}

/// The expected statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Books {
    pub(crate) successes: u64,
    pub(crate) failures: u64,
    pub(crate) ignored: u64,
    pub(crate) refused: u64,
    pub(crate) would_refuse: u64,
    pub(crate) abandoned: u64,
    pub(crate) late: u64,
    pub(crate) opened: u64,
    pub(crate) half_opened: u64,
    pub(crate) closed: u64,
}

/// A listener hears of: from, to, if that is an isolation, why, failures in the window, how long it refuses, whether an error
/// is shown.
pub(crate) type Step = (
    CircuitState,
    CircuitState,
    bool,
    TransitionReason,
    u32,
    Option<Duration>,
    bool,
);

#[derive(Clone, Debug)]
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
    command: Option<Command>,
    is_enforced: bool,
    /// The open time that has just begun, without the time that the circuit draws.
    undrawn: Option<Duration>,
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
            command: None,
            is_enforced: true,
            undrawn: None,
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

    fn admits_all(&self) -> bool {
        let command = self.command.map(|command| command.kind);
        !self.is_enforced || command == Some(CommandKind::Allow)
    }

    /// The phase that the circuit shows.
    fn shown(&self) -> Kind {
        if self.admits_all() {
            Kind::Closed
        } else {
            self.phase.kind()
        }
    }

    fn is_due(&self, moment: Option<Duration>) -> bool {
        moment.is_some_and(|moment| self.now >= moment)
    }

    /// Ends a command whose time is over.
    fn settle(&mut self) {
        let Some(ended) = self.command.filter(|command| self.is_due(command.until)) else {
            return;
        };
        let until = ended.until.expect("it is over");
        let shown = self.shown();
        self.command = None;
        match ended.kind {
            CommandKind::Trip => {}
            CommandKind::Isolate => {
                self.empty();
                self.enter_from(shown, Phase::Closed, TransitionReason::Command, until);
            }
            CommandKind::Allow if shown == self.shown() => {}
            CommandKind::Allow => {
                let since = match self.phase {
                    Phase::Open(Some(end)) if self.now >= end => end.max(until),
                    _ => until,
                };
                self.enter_from(shown, self.resumed(), TransitionReason::Command, since);
            }
        }
    }

    /// The phase in which the circuit shows itself anew.
    fn resumed(&self) -> Phase {
        match self.phase {
            Phase::Open(until) if self.is_due(until) => Phase::HalfOpen,
            phase => phase,
        }
    }

    /// A circuit that has done everything that its next call would find done. The statistics are
    /// read from it.
    pub(crate) fn due(&self) -> Self {
        let mut due = self.clone();
        due.settle();
        if let Phase::Open(until) = due.phase {
            if due.is_due(until) {
                let (reason, since) = (TransitionReason::RecoveryElapsed, until.expect("due"));
                due.enter_from(due.shown(), Phase::HalfOpen, reason, since);
            }
        }
        due
    }

    pub(crate) fn state(&self) -> CircuitState {
        self.shown().state()
    }

    pub(crate) fn is_isolated(&self) -> bool {
        self.shown() == Kind::Isolated
    }

    /// The state without the command and if the circuit were enforced.
    pub(crate) fn computed_state(&self) -> CircuitState {
        match self.command.and_then(|command| command.before) {
            Some((Phase::Open(until), _)) if self.is_due(until) => HalfOpen,
            Some((phase, _)) => phase.kind().state(),
            None => self.phase.kind().state(),
        }
    }

    /// The command in force.
    pub(crate) fn command(&self) -> Option<CommandKind> {
        self.command.map(|command| command.kind)
    }

    pub(crate) fn time_in_state(&self) -> Duration {
        self.now - self.since
    }

    /// Returns the time until a call is admitted, if it would not be now and not for ever.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.shown_wait().filter(|_| !self.admits_all())
    }

    fn shown_wait(&self) -> Option<Duration> {
        let moment = match self.phase {
            Phase::Closed => return None,
            Phase::Isolated => Some(self.command.and_then(|command| command.until)?),
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
        *self = self.due();
        let passes = match self.phase {
            Phase::Closed => true,
            Phase::HalfOpen => self.shown_wait().is_none(),
            Phase::Open(_) | Phase::Isolated => false,
        };
        if !passes && !self.admits_all() {
            self.books.refused += 1;
            return Err((self.opened_because, self.retry_after()));
        }
        self.books.would_refuse += u64::from(!passes);
        self.admitted += 1;
        let call = Call {
            number: self.admitted,
            stay: self.stay,
            admitted: self.now,
            is_timed: self.options.slow_call.is_some(),
            is_let_through: !passes,
        };
        if self.phase == Phase::HalfOpen && passes {
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
        if call.stay == self.stay {
            self.settle();
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
                _ if call.is_let_through => {}
                (Phase::HalfOpen, _) => self.open(TransitionReason::ProbeFailed, hint),
                (Phase::Closed, Some(reason)) => self.open(reason, hint),
                _ => {}
            }
        } else {
            self.books.successes += 1;
            if call.is_let_through {
                return;
            }
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

    pub(crate) fn trip(&mut self, lasts: Option<Duration>) {
        self.settle();
        let (shown, before) = (self.shown(), self.before());
        if self.phase == Phase::HalfOpen {
            self.reopenings += 1;
        }
        let open = match lasts {
            Some(time) => self.open_for(time),
            None => self.open_as_configured(None),
        };
        let reads_half_open = self.due().state() == HalfOpen;
        let Phase::Open(until) = open else {
            unreachable!()
        };
        self.take_effect(CommandKind::Trip, until, Some(before));
        self.opened_because = TransitionReason::Command;
        if !matches!(self.phase, Phase::Open(_)) || shown != self.shown() {
            self.has_error = false;
            return self.enter_from(shown, open, TransitionReason::Command, self.now);
        }
        self.phase = open;
        if reads_half_open {
            self.since = self.now;
        }
    }

    pub(crate) fn isolate(&mut self, lasts: Option<Duration>) {
        self.settle();
        let (shown, before) = (self.shown(), self.before());
        self.take_effect(CommandKind::Isolate, self.after(lasts), Some(before));
        if self.phase != Phase::Isolated {
            self.opened_because = TransitionReason::Command;
            self.has_error = false;
            self.enter_from(shown, Phase::Isolated, TransitionReason::Command, self.now);
        }
    }

    pub(crate) fn allow(&mut self, lasts: Option<Duration>) {
        self.settle();
        let shown = self.shown();
        let own = match self.command.and_then(|command| command.before) {
            Some((phase, because)) => {
                self.opened_because = because;
                Some(phase)
            }
            None if shown == Kind::Closed => None,
            None => Some(self.resumed()),
        };
        self.take_effect(CommandKind::Allow, self.after(lasts), None);
        if let Some(own) = own {
            self.enter_from(shown, own, TransitionReason::Command, self.now);
        }
    }

    pub(crate) fn reset(&mut self) {
        self.settle();
        let shown = self.shown();
        self.command = None;
        self.empty();
        if self.phase == Phase::Closed {
            self.stay += 1;
        } else {
            self.enter_from(shown, Phase::Closed, TransitionReason::Command, self.now);
        }
    }

    pub(crate) fn set_enforced(&mut self, is_enforced: bool) {
        self.settle();
        let shown = self.shown();
        self.is_enforced = is_enforced;
        if shown != self.shown() {
            self.enter_from(shown, self.resumed(), TransitionReason::Config, self.now);
        }
    }

    fn take_effect(
        &mut self,
        kind: CommandKind,
        until: Option<Duration>,
        before: Option<(Phase, TransitionReason)>,
    ) {
        self.command = Some(Command {
            kind,
            until,
            before,
        });
    }

    /// The phase that a command takes the place of now.
    fn before(&self) -> (Phase, TransitionReason) {
        let before = self.command.and_then(|command| command.before);
        before.unwrap_or((self.phase, self.opened_because))
    }

    fn after(&self, lasts: Option<Duration>) -> Option<Duration> {
        lasts
            .filter(|lasts| *lasts != Duration::MAX)
            .map(|lasts| self.now + lasts)
    }

    fn empty(&mut self) {
        self.history.clear();
        self.slow_history.clear();
        self.reopenings = 0;
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

    /// An open time that the configuration decides. The jitter is drawn by the circuit alone.
    fn open_as_configured(&mut self, hint: Option<Duration>) -> Phase {
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

    /// Learns the open time that the circuit has drawn. `is_heard` says that a listener heard of the
    /// opening.
    pub(crate) fn draws(&mut self, time: Duration, is_heard: bool) {
        self.phase = self.open_for(time);
        if let Some(trip) = self.command.as_mut() {
            trip.until = Some(self.now + time);
        }
        if let Some(step) = self.steps.last_mut().filter(|_| is_heard) {
            step.5 = Some(time);
        }
    }

    fn open_for(&self, time: Duration) -> Phase {
        Phase::Open((time != Duration::MAX).then(|| self.now + time))
    }

    fn open(&mut self, reason: TransitionReason, hint: Option<Duration>) {
        if self.phase == Phase::HalfOpen {
            self.reopenings += 1;
        }
        self.opened_because = reason;
        self.has_error = hint.is_some();
        let open = self.open_as_configured(hint);
        self.enter_from(self.shown(), open, reason, self.now);
    }

    fn close(&mut self, reason: TransitionReason) {
        self.empty();
        self.enter_from(self.shown(), Phase::Closed, reason, self.now);
    }

    /// Enters a phase. The circuit showed the phase `shown` before. A listener hears of what the
    /// circuit shows only.
    fn enter_from(&mut self, shown: Kind, phase: Phase, reason: TransitionReason, since: Duration) {
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
