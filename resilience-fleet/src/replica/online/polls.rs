//! The poll, which is the net under lost pushes.
//!
//! A request that fails brings the next poll forward, because its requests show soon if the store
//! is lost. A store that answers some requests and refuses others, as one with a broken key or a
//! full one does, would never fail three times in a row. So polls are counted as a whole, too, and
//! three in a row with a failure or a refusal end the contact. There is one poll at a time, and few
//! of them come early, so that failures make no loop of requests.

use std::{rc::Rc, time::Instant};

use super::{Online, contact::FAILURES};
use crate::{
    circuit_id::CircuitId,
    store::{Changes, Session, StoreError, StoreErrorKind},
};

/// Ends the poll when it is dropped, so that a panic ends it, too.
struct Running<S>(Rc<Online<S>>);

impl<S> Drop for Running<S> {
    fn drop(&mut self) {
        self.0.poll.is_running.set(false);
    }
}

impl<S: Session> Online<S> {
    pub(super) fn begin_regular_poll(self: &Rc<Self>) {
        self.poll.early.set(0);
        self.begin_poll();
    }

    /// Begins a poll, unless so many came early that the next regular one is soon enough.
    pub(super) fn begin_early_poll(self: &Rc<Self>) {
        let early = self.poll.early.get();
        if early < FAILURES && self.begin_poll() {
            self.poll.early.set(early + 1);
        }
    }

    /// Begins a poll, unless one is running. True if it began.
    fn begin_poll(self: &Rc<Self>) -> bool {
        let is_free = !self.poll.is_running.replace(true);
        if is_free {
            let running = Running(Rc::clone(self));
            self.spawn(|online| async move {
                let polled = online.poll().await;
                drop(running);
                online.count_poll(polled.err().map(|error| error.kind()));
            });
        }
        is_free
    }

    /// Counts the poll, and ends the contact if too many have failed.
    fn count_poll(&self, failure: Option<StoreErrorKind>) {
        let refusal = self.poll.refusal.take();
        let Some(cause) = failure.or(refusal) else {
            self.poll.failed.set(0);
            return;
        };
        let failed = self.poll.failed.get() + 1;
        self.poll.failed.set(failed);
        if failed >= FAILURES {
            self.lose(cause);
        } else {
            self.poll.is_wanted.notify_one();
        }
    }

    async fn poll(self: &Rc<Self>) -> Result<(), StoreError> {
        self.sample();
        // A limit may have another configuration.
        self.rate_limits.divide();
        self.meters.contact(true);
        let serial = self.serial.get();
        let changes = self
            .ask(|session| async move { session.changes(serial).await })
            .await?;
        self.serial.set(changes.serial);
        let ids = self.to_read(&changes);
        let views = self.read_and_adopt(&ids).await.inspect_err(|_| {
            // The log tells of a change once, so the next poll has to read them by this list.
            self.unread.borrow_mut().extend(ids.iter().cloned());
        })?;
        let settled = self.settle_due(&ids, &views).await;
        self.vote_unsent();
        if !self.is_list_sent.get() {
            self.send_heartbeat_now().await?;
        }
        settled
    }

    /// The circuits that the poll reads.
    fn to_read(&self, changes: &Changes) -> Vec<CircuitId> {
        let circuits = self.circuits.borrow();
        let Some(texts) = &changes.circuits else {
            return circuits.ids();
        };
        let mut ids = circuits.unsettled();
        ids.append(&mut self.unread.borrow_mut());
        let known = texts.iter().filter_map(|text| circuits.by_text.get(text));
        ids.extend(known.map(|circuit| circuit.id.clone()));
        ids.sort();
        ids.dedup();
        ids
    }

    pub(super) fn sample(&self) {
        let now = Instant::now();
        for circuit in self.circuits.borrow_mut().by_text.values_mut() {
            circuit.sample(now);
        }
    }
}
