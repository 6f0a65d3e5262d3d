//! The part of the state that a circuit has only after its first change of state or its first
//! command.

use super::Machine;
use crate::circuit::{gate::State, in_force::InForce};

/// It is in a box, so that the many circuits that never change are small.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The openings from half-open since the circuit was closed last. The open time grows by them.
    pub(super) reopenings: u32,
    pub(super) opened: u32,
    pub(super) half_opened: u32,
    pub(super) closed: u32,
    /// The latest command, until it ends. One whose time is over stays until
    /// [`settle`](Machine::settle).
    pub(super) in_force: Option<Box<InForce>>,
}

impl Past {
    /// Counts a change of the state that the circuit shows.
    fn count(&mut self, from: State, to: State) {
        let count = match to {
            State::Closed => &mut self.closed,
            State::HalfOpen => &mut self.half_opened,
            State::Open | State::Isolated => {
                if matches!(from, State::Open | State::Isolated) {
                    return;
                }
                &mut self.opened
            }
        };
        *count = count.saturating_add(1);
    }
}

impl Machine {
    pub(super) fn past(&mut self) -> &mut Past {
        self.past.get_or_insert_default()
    }

    /// The command in force, or one whose time is over and that is not settled.
    #[inline]
    pub(super) fn in_force(&self) -> Option<&InForce> {
        self.past.as_ref()?.in_force.as_deref()
    }

    pub(super) fn take_command(&mut self) -> Option<Box<InForce>> {
        self.past.as_mut()?.in_force.take()
    }

    pub(super) fn count(&mut self, from: State, to: State) {
        self.past().count(from, to);
    }

    /// Counts an opening if it is one from half-open, and returns the number of those since the
    /// circuit was closed last.
    pub(super) fn count_reopening(&mut self) -> u32 {
        let is_reopening = self.state() == State::HalfOpen;
        let past = self.past();
        past.reopenings = past.reopenings.saturating_add(is_reopening.into());
        past.reopenings
    }

    pub(super) fn forget_reopenings(&mut self) {
        if let Some(past) = &mut self.past {
            past.reopenings = 0;
        }
    }
}
