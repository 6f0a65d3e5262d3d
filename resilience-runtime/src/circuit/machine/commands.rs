//! The commands, and the end of a command that holds for a time.

use std::mem;

use super::{Machine, MachineState, StateChange};
use crate::{
    circuit::{
        active_config::ActiveConfig,
        command::{CommandRecord, GivenCommand},
        gate::State,
        in_force::{InForce, OwnState, Replaced},
        open_time::{Opening, open_time},
        transition::TransitionReason,
    },
    clock::NEVER,
    events::CommandAction,
};

const COMMAND: TransitionReason = TransitionReason::Command;

impl Machine {
    /// Obeys a command. The one before is [settled](Self::settle).
    pub(crate) fn obey(
        &mut self,
        config: &ActiveConfig,
        given: &GivenCommand,
        opening: Opening,
        now: u64,
    ) -> Option<StateChange> {
        match given.action {
            CommandAction::Trip => self.trip(config, given, opening, now),
            CommandAction::Isolate => self.isolate(config, given, now),
            CommandAction::Allow => self.allow(config, given, now),
            CommandAction::Reset => self.reset(config, now),
        }
    }

    /// Opens the circuit. An open one starts its open time anew. That is no transition.
    fn trip(
        &mut self,
        config: &ActiveConfig,
        given: &GivenCommand,
        opening: Opening,
        now: u64,
    ) -> Option<StateChange> {
        let (shown, replaced) = (self.shown(), self.to_replace());
        let reopenings = self.count_reopening();
        let until = given.ends_at().unwrap_or_else(|| {
            given
                .moment
                .saturating_add(open_time(config, reopenings, opening))
        });
        self.take_effect(InForce::new(given, until, Some(replaced)));
        self.opened_because = COMMAND;
        let is_open = self.state() == State::Open && shown == self.shown();
        let reads_half_open = self.state_at(now).0 == State::HalfOpen;
        let open = MachineState::Open { until };
        if !is_open {
            return Some(self.enter_from(shown, open, config, COMMAND, now));
        }
        if reads_half_open && shown == State::Open {
            self.since = now;
        }
        self.state = open;
        None
    }

    /// Opens the circuit until a command says otherwise, or until the end of this one.
    fn isolate(
        &mut self,
        config: &ActiveConfig,
        given: &GivenCommand,
        now: u64,
    ) -> Option<StateChange> {
        let (shown, replaced) = (self.shown(), self.to_replace());
        let until = given.ends_at().unwrap_or(NEVER);
        self.take_effect(InForce::new(given, until, Some(replaced)));
        if let MachineState::Isolated = self.state {
            return None;
        }
        self.opened_because = COMMAND;
        Some(self.enter_from(shown, MachineState::Isolated, config, COMMAND, now))
    }

    /// Admits all calls. The circuit goes on with its own decisions from the state that a trip or
    /// an isolation had taken the place of.
    fn allow(
        &mut self,
        config: &ActiveConfig,
        given: &GivenCommand,
        now: u64,
    ) -> Option<StateChange> {
        let shown = self.shown();
        let own = match self.replaced() {
            Some(replaced) => {
                self.opened_because = replaced.opened_because;
                Some(machine_state(replaced.state))
            }
            None if shown == State::Closed => None,
            None => Some(self.resumed(now)),
        };
        let until = given.ends_at().unwrap_or(NEVER);
        self.take_effect(InForce::new(given, until, None));
        own.map(|own| self.enter_from(shown, own, config, COMMAND, now))
    }

    /// Closes the circuit with an empty window. Calls under way are late then, those of a closed
    /// circuit too.
    fn reset(&mut self, config: &ActiveConfig, now: u64) -> Option<StateChange> {
        let shown = self.shown();
        self.take_command();
        self.window.clear();
        if let MachineState::Closed = self.state {
            self.generation = self.generation.wrapping_add(1);
            return None;
        }
        self.forget_reopenings();
        Some(self.enter_from(shown, MachineState::Closed, config, COMMAND, now))
    }

    /// Makes the circuit refuse calls again, or admit all of them.
    pub(crate) fn set_enforced(
        &mut self,
        config: &ActiveConfig,
        is_enforced: bool,
        now: u64,
    ) -> Option<StateChange> {
        let shown = self.shown();
        self.is_enforced = is_enforced;
        if shown == self.shown() {
            return None;
        }
        let own = self.resumed(now);
        Some(self.enter_from(shown, own, config, TransitionReason::Config, now))
    }

    /// True if a command is in force, or is over and not settled.
    #[inline]
    pub(crate) fn has_command(&self) -> bool {
        self.in_force().is_some()
    }

    /// The command whose time is over and that is not settled.
    pub(crate) fn ended_command(&self, now: u64) -> Option<&CommandRecord> {
        let ended = self.in_force().filter(|command| command.is_over(now));
        ended.map(|command| &command.record)
    }

    /// Ends a command whose time is over.
    pub(crate) fn settle(&mut self, config: &ActiveConfig, now: u64) -> Option<StateChange> {
        self.ended_command(now)?;
        self.end_command(config, now)
    }

    #[cold]
    fn end_command(&mut self, config: &ActiveConfig, now: u64) -> Option<StateChange> {
        let shown = self.shown();
        let ended = self.take_command()?;
        let (state, shows_since) = match ended.action() {
            CommandAction::Isolate => {
                self.window.clear();
                self.forget_reopenings();
                (MachineState::Closed, ended.until)
            }
            CommandAction::Allow if shown != self.shown() => {
                let since = match self.state {
                    MachineState::Open { until } if now >= until => until.max(ended.until),
                    _ => ended.until,
                };
                (self.resumed(now), since)
            }
            // The state of a trip ends by itself, and an allowed circuit that is closed stays so.
            _ => return None,
        };
        let change = self.enter_from(shown, state, config, COMMAND, now);
        self.shows_since(change, shows_since);
        Some(change)
    }

    /// The record of a command that was given just now.
    pub(crate) fn record_of(&self, given: &GivenCommand) -> CommandRecord {
        let in_force = self.in_force();
        in_force.map_or_else(|| given.record(NEVER), |command| command.record.clone())
    }

    fn take_effect(&mut self, command: InForce) {
        self.past().in_force = Some(Box::new(command));
    }

    /// The state that the next command takes the place of.
    fn to_replace(&self) -> Replaced {
        self.replaced().unwrap_or(Replaced {
            state: self.own_state(),
            opened_because: self.opened_because,
        })
    }

    /// Takes the state out, to show it anew. An open time that is over makes it half-open. The
    /// probes of a half-open circuit are late then, so they hold no slot.
    fn resumed(&mut self, now: u64) -> MachineState {
        match mem::replace(&mut self.state, MachineState::Closed) {
            MachineState::Open { until } if now < until => MachineState::Open { until },
            MachineState::Open { .. } | MachineState::HalfOpen(_) => {
                MachineState::HalfOpen(Box::default())
            }
            state => state,
        }
    }
}

fn machine_state(own: OwnState) -> MachineState {
    match own {
        OwnState::Closed => MachineState::Closed,
        OwnState::Open { until } => MachineState::Open { until },
        OwnState::HalfOpen => MachineState::HalfOpen(Box::default()),
    }
}
