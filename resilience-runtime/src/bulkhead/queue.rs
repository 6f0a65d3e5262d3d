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
/// Both lists are sorted by ticket, because tickets are given and granted in their order. A caller
/// that leaves is among the first, because the callers that came first have waited longest.
#[derive(Debug, Default)]
pub(super) struct Queue {
    next: Ticket,
    waiting: VecDeque<(Ticket, Waiter)>,
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
        self.waiting.push_back((ticket, waiter));
        ticket
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Gives a slot to the first caller.
    pub(super) fn grant(&mut self) -> Option<Waiter> {
        let (ticket, waiter) = self.waiting.pop_front()?;
        self.granted.push_back(ticket);
        Some(waiter)
    }

    /// True if the caller has got a slot. It is told only once, because the slot is the caller's
    /// from then on.
    pub(super) fn take(&mut self, ticket: Ticket) -> bool {
        let granted = self.granted.binary_search(&ticket);
        granted.is_ok_and(|at| self.granted.remove(at).is_some())
    }

    /// Takes the caller out of the queue. `None` if it is not there, because it has got a slot.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Waiter> {
        let (_, waiter) = self.waiting.remove(self.find(ticket)?)?;
        Some(waiter)
    }

    /// The task that is to be woken, because a future may move from one task to another. Returns
    /// the one before, so that it is dropped without the lock.
    pub(super) fn replace_task(&mut self, ticket: Ticket, task: Waker) -> Option<Waiter> {
        let at = self.find(ticket)?;
        let (_, waiter) = self.waiting.get_mut(at)?;
        Some(std::mem::replace(waiter, Waiter::Task(task)))
    }

    /// The place of a caller that waits.
    fn find(&self, ticket: Ticket) -> Option<usize> {
        self.waiting
            .binary_search_by_key(&ticket, |(ticket, _)| *ticket)
            .ok()
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
}
