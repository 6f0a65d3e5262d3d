//! The futures that wait for a circuit's state.

use std::{mem, task::Waker};

use super::transition::CircuitState;

/// The futures that wait, the oldest first.
///
/// A request may make such a future, so there may be very many of them. Each looks for its place
/// under the lock of the circuit when it is polled and when it is dropped, so it finds the place by
/// a binary search.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    next: u64,
    /// They are sorted by their numbers. A future that was dropped is an empty place until half of
    /// the places are empty, because taking out one place moves those behind it.
    places: Vec<(u64, Option<Waiter>)>,
    /// The places that are not empty.
    waiting: usize,
}

/// A future that waits for a change.
#[derive(Debug)]
struct Waiter {
    /// The state that it waits for; `None` for any change.
    wanted: Option<CircuitState>,
    /// The state that the circuit came to, as soon as that is the one.
    arrived: Option<CircuitState>,
    /// The task that polled the future last.
    waker: Option<Waker>,
}

impl Waiters {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Adds a future that waits from now on, and returns its number.
    pub(super) fn add(&mut self, wanted: Option<CircuitState>) -> u64 {
        let id = self.next;
        self.next += 1;
        let waiter = Waiter {
            wanted,
            arrived: None,
            waker: None,
        };
        self.places.push((id, Some(waiter)));
        self.waiting += 1;
        id
    }

    /// The circuit came to a state.
    pub(super) fn arrive(&mut self, state: CircuitState) {
        for waiter in self.all() {
            if waiter.wanted.is_none_or(|wanted| wanted == state) {
                // The first change counts, because the future waits for the next one.
                waiter.arrived.get_or_insert(state);
            }
        }
    }

    /// The state that the future returns, if the circuit came to it. Otherwise `waker` is kept, and
    /// the one before is left in its place, so that it is dropped outside of the lock.
    pub(super) fn poll(&mut self, id: u64, waker: &mut Option<Waker>) -> Option<CircuitState> {
        let waiter = self.place(id)?.as_mut()?;
        if waiter.arrived.is_none() {
            mem::swap(&mut waiter.waker, waker);
        }
        waiter.arrived
    }

    /// Removes a future, and returns its waker, so that it is dropped outside of the lock.
    pub(super) fn remove(&mut self, id: u64) -> Option<Waker> {
        let removed = self.place(id)?.take()?;
        self.waiting -= 1;
        if self.places.len() > 2 * self.waiting {
            self.places.retain(|(_, waiter)| waiter.is_some());
            self.places.shrink_to(2 * self.waiting);
        }
        removed.waker
    }

    /// The wakers of the futures whose state the circuit came to.
    pub(super) fn wakers_of_arrived(&mut self) -> Vec<Waker> {
        let arrived = self.all().filter(|waiter| waiter.arrived.is_some());
        arrived.filter_map(|waiter| waiter.waker.take()).collect()
    }

    /// The wakers of all futures, because the moment of the next probe may have changed.
    pub(super) fn wakers(&mut self) -> Vec<Waker> {
        self.all()
            .filter_map(|waiter| waiter.waker.take())
            .collect()
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Waiter> {
        self.places
            .iter_mut()
            .filter_map(|(_, waiter)| waiter.as_mut())
    }

    fn place(&mut self, id: u64) -> Option<&mut Option<Waiter>> {
        let at = self.places.binary_search_by_key(&id, |&(id, _)| id);
        let (_, waiter) = self.places.get_mut(at.ok()?)?;
        Some(waiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_gets_the_first_state_that_it_waits_for() {
        let mut waiters = Waiters::default();
        waiters.arrive(CircuitState::Open);
        let any = waiters.add(None);
        let closed = waiters.add(Some(CircuitState::Closed));
        let poll = |waiters: &mut Waiters| [any, closed].map(|id| waiters.poll(id, &mut None));
        assert_eq!(
            poll(&mut waiters),
            [None, None],
            "the change before does not count"
        );
        waiters.arrive(CircuitState::HalfOpen);
        assert_eq!(poll(&mut waiters), [Some(CircuitState::HalfOpen), None]);
        waiters.arrive(CircuitState::Closed);
        waiters.arrive(CircuitState::Open);
        assert_eq!(
            poll(&mut waiters),
            [Some(CircuitState::HalfOpen), Some(CircuitState::Closed)]
        );
    }

    #[test]
    fn only_the_wakers_of_those_that_are_done_are_taken() {
        let mut waiters = Waiters::default();
        let open = waiters.add(Some(CircuitState::Open));
        let closed = waiters.add(Some(CircuitState::Closed));
        for id in [open, closed] {
            waiters.poll(id, &mut Some(Waker::noop().clone()));
        }
        waiters.arrive(CircuitState::Open);
        assert_eq!(waiters.wakers_of_arrived().len(), 1);
        assert_eq!(waiters.wakers_of_arrived().len(), 0);
        assert_eq!(waiters.wakers().len(), 1);
        assert!(waiters.remove(open).is_none());
        assert!(waiters.remove(open).is_none(), "it is gone");
        waiters.remove(closed);
        assert!(waiters.is_empty() && waiters.places.is_empty());
    }

    /// Each future once compared its number with those of all others, under the lock.
    #[test]
    fn futures_that_leave_take_no_room_and_the_others_are_found() {
        let mut waiters = Waiters::default();
        let first = waiters.add(None);
        for _ in 0..1_000 {
            let passer_by = waiters.add(None);
            waiters.remove(passer_by);
            assert!(waiters.places.len() <= 2 && !waiters.is_empty());
        }
        let ids: Vec<_> = (0..100).map(|_| waiters.add(None)).collect();
        for id in ids.iter().step_by(2) {
            waiters.remove(*id);
        }
        assert_eq!(waiters.waiting, 51);
        let sorted = waiters.places.is_sorted_by_key(|&(id, _)| id);
        assert!(sorted, "a binary search finds them");
        waiters.arrive(CircuitState::Open);
        let stay = ids.iter().skip(1).step_by(2);
        for id in stay.chain([&first]) {
            assert_eq!(waiters.poll(*id, &mut None), Some(CircuitState::Open));
            waiters.remove(*id);
        }
        assert!(waiters.is_empty() && waiters.places.is_empty());
    }
}
