//! The part of a circuit's state that it has only after its first change of state or its first
//! command.

use super::{gate::State, in_force::InForce};

/// It is in a box, so that the many circuits that never change are small.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The openings from half-open since the circuit was closed last. The open time grows by them.
    pub(super) reopenings: u32,
    pub(super) opened: u32,
    pub(super) half_opened: u32,
    pub(super) closed: u32,
    /// The latest command, until it ends. One whose time is over stays until it is settled.
    pub(super) in_force: Option<Box<InForce>>,
}

impl Past {
    /// Counts a change of the state that the circuit shows.
    pub(super) fn count(&mut self, from: State, to: State) {
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
