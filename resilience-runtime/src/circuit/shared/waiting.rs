//! A circuit and the futures that wait for its state.

use std::task::Waker;

use super::Shared;
use crate::{
    circuit::{journal::Waited, transition::CircuitState},
    clock,
};

impl Shared {
    /// Adds a future that waits for the next change, or for the state `wanted`, and returns its
    /// number.
    ///
    /// The caller sees each change either before or after this, because a change is made and
    /// entered under one lock.
    pub(crate) fn add_waiter(&self, wanted: Option<CircuitState>) -> u64 {
        self.lock().journal().waiters.add(wanted)
    }

    /// Asks for a future. Its waker is kept and the state is read under one lock, so that no change
    /// comes between the two.
    pub(crate) fn poll_waiter(
        &self,
        id: u64,
        wanted: Option<CircuitState>,
        waker: &Waker,
    ) -> Waited {
        // Wakers are cloned and dropped outside of the lock, because they are other people's code.
        let mut waker = Some(waker.clone());
        let now = clock::now();
        let mut locked = self.lock();
        if let Some(state) = locked.journal().waiters.poll(id, &mut waker) {
            return Waited::Arrived(state);
        }
        let Some(wanted) = wanted else {
            return Waited::Waiting { reads_in: None };
        };
        let stats = self.stats_of(&mut locked.machine, now);
        if stats.state == wanted {
            return Waited::Arrived(wanted);
        }
        let reads_at = locked.machine.reads_at(wanted, now);
        let reads_in = reads_at.map(|moment| clock::span(moment - now));
        Waited::Waiting { reads_in }
    }

    pub(crate) fn remove_waiter(&self, id: u64) {
        // The waker is dropped outside of the lock.
        let waker = self.lock().journal().waiters.remove(id);
        drop(waker);
    }
}
