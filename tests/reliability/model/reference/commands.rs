//! The commands, and the end of one whose time is over.

use std::time::Duration;

use resilience::{CircuitState::HalfOpen, TransitionReason};

use super::{
    Reference,
    command::{Command, CommandKind},
    phase::{Kind, Phase},
};

impl Reference {
    pub(super) fn is_due(&self, moment: Option<Duration>) -> bool {
        moment.is_some_and(|moment| self.now >= moment)
    }

    /// Ends a command whose time is over.
    pub(super) fn settle(&mut self) {
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
    pub(super) fn resumed(&self) -> Phase {
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

    pub(super) fn take_effect(
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
    pub(super) fn before(&self) -> (Phase, TransitionReason) {
        let before = self.command.and_then(|command| command.before);
        before.unwrap_or((self.phase, self.opened_because))
    }

    pub(super) fn after(&self, lasts: Option<Duration>) -> Option<Duration> {
        lasts
            .filter(|lasts| *lasts != Duration::MAX)
            .map(|lasts| self.now + lasts)
    }
}
