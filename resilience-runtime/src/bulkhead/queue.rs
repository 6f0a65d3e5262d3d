//! The queue of the callers that wait for a slot. It is pure: it neither locks nor wakes.

use std::{collections::VecDeque, sync::Arc, task::Waker};

use crate::sync::Condvar;

/// The place of a caller in the queue. A later caller has a larger one.
pub(super) type Ticket = u64;

/// A caller that waits.
#[derive(Debug)]
pub(super) enum Waiter {
    Task(Waker),
    /// The condition of a thread, which waits for it with the lock of the queue.
    Thread(Arc<Condvar>),
}

impl Waiter {
    /// The caller of this holds no lock, because a waker is the user's code.
    pub(super) fn wake(self) {
        match self {
            Self::Task(waker) => waker.wake(),
            Self::Thread(condition) => condition.notify_one(),
        }
    }
}

/// The callers in the order in which they came, and those that have a slot and do not know it yet.
///
/// Both lists are sorted by ticket, because tickets are given and granted in their order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    next: Ticket,
    /// A caller that left is an empty place until half of the places are empty, because taking out
    /// one place in the middle moves the others.
    places: VecDeque<(Ticket, Option<Waiter>)>,
    /// The places that are not empty.
    waiting: usize,
    granted: VecDeque<Ticket>,
    /// Ended calls that were carried out of the word.
    pub(super) carried: u64,
    /// Calls that ran above the limit, because that was not enforced.
    pub(super) would_refuse: u64,
    /// Calls that came while the bulkhead was not enabled.
    pub(super) passed: u64,
}

impl Queue {
    pub(super) fn join(&mut self, waiter: Waiter) -> Ticket {
        let ticket = self.next;
        self.next += 1;
        self.places.push_back((ticket, Some(waiter)));
        self.waiting += 1;
        ticket
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    /// Gives a slot to the first caller.
    pub(super) fn grant(&mut self) -> Option<Waiter> {
        loop {
            let (ticket, waiter) = self.places.pop_front()?;
            if waiter.is_some() {
                self.waiting -= 1;
                self.granted.push_back(ticket);
                return waiter;
            }
        }
    }

    /// True if the caller has got a slot. It is told only once, because the slot is the caller's
    /// from then on.
    pub(super) fn take(&mut self, ticket: Ticket) -> bool {
        let granted = self.granted.binary_search(&ticket);
        granted.is_ok_and(|at| self.granted.remove(at).is_some())
    }

    /// Takes the caller out of the queue. `None` if it is not there, because it has got a slot.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Waiter> {
        let waiter = self.place(ticket)?.take()?;
        self.waiting -= 1;
        if self.places.len() > 2 * self.waiting {
            self.places.retain(|(_, waiter)| waiter.is_some());
        }
        Some(waiter)
    }

    /// The task that is to be woken, because a future may move from one task to another. Returns
    /// the one before, so that it is dropped without the lock.
    pub(super) fn replace_task(&mut self, ticket: Ticket, task: Waker) -> Option<Waiter> {
        let waiter = self.place(ticket)?.as_mut()?;
        Some(std::mem::replace(waiter, Waiter::Task(task)))
    }

    fn place(&mut self, ticket: Ticket) -> Option<&mut Option<Waiter>> {
        let at = self
            .places
            .binary_search_by_key(&ticket, |&(ticket, _)| ticket);
        let (_, waiter) = self.places.get_mut(at.ok()?)?;
        Some(waiter)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn task() -> Waiter {
        Waiter::Task(Waker::noop().clone())
    }

    #[test]
    fn slots_are_granted_in_order_and_told_once() {
        let mut queue = Queue::default();
        let [first, second, third] = [0; 3].map(|_| queue.join(task()));
        assert!(queue.leave(second).is_some());
        assert!(queue.grant().is_some());
        assert!(queue.take(first) && !queue.take(first) && !queue.take(third));
        assert!(queue.grant().is_some() && queue.is_empty());
        assert!(queue.leave(third).is_none(), "it has a slot");
        assert!(queue.take(third));
        assert!(queue.grant().is_none());
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn callers_that_leave_keep_the_order_and_no_room() {
        let mut queue = Queue::default();
        let first = queue.join(task());
        for _ in 0..1_000 {
            let passer_by = queue.join(task());
            assert!(queue.leave(passer_by).is_some());
            assert!(queue.leave(passer_by).is_none(), "it has left");
            assert!(queue.places.len() <= 2 && queue.len() == 1);
        }
        let tickets: Vec<_> = (0..100).map(|_| queue.join(task())).collect();
        for ticket in tickets.iter().step_by(2) {
            assert!(queue.leave(*ticket).is_some());
        }
        assert_eq!(queue.len(), 51);
        assert!(queue.grant().is_some() && queue.take(first));
        for ticket in tickets.iter().skip(1).step_by(2) {
            assert!(queue.grant().is_some() && queue.take(*ticket));
        }
        assert!(queue.is_empty() && queue.grant().is_none());
    }
}
