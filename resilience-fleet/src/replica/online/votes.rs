//! The votes of this replica: a circuit that opened by itself asks all others to open, too.

use std::{
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use resilience::fleet::Trip;
use tokio::time::sleep;

use super::Online;
use crate::{
    circuit_id::CircuitId,
    store::{Answer, Request, Session, StoreError, View, random_epoch},
};

impl<S: Session> Online<S> {
    pub(super) fn note_trip(&self, circuit: &CircuitId, trip: Trip) {
        if let Some(circuit) = self.circuits.borrow_mut().get(circuit) {
            circuit.note_trip(trip, Instant::now());
        }
    }

    pub(super) async fn vote(self: Rc<Self>, id: CircuitId) {
        let known = self.circuits.borrow().users(&id);
        let vote = {
            let mut circuits = self.circuits.borrow_mut();
            circuits
                .get(&id)
                .and_then(|it| it.unsent_vote(Instant::now()))
        };
        let Some(vote) = vote else {
            return;
        };
        let request = Request::Vote {
            replica: Arc::clone(&self.settings.replica),
            quorum: self.settings.quorum,
            counts_for: vote.counts_for,
            known,
            opening: vote.opening,
            epoch: random_epoch(),
        };
        let Ok(reply) = self.request(&id, request).await else {
            return;
        };
        // A void vote is sent again if the circuit is closed for the fleet soon, and open here.
        if reply.answer != Answer::Void {
            self.meters.voted();
            self.note_sent(&id);
        }
        self.adopt(&id, &reply.view);
        if reply.view.doubt.is_some() && !reply.view.grace.is_zero() {
            // The wait is a task of its own, because it holds up no other message.
            self.spawn(|online| async move {
                // A millisecond more, because the store's clock counts microseconds.
                sleep(reply.view.grace + Duration::from_millis(1)).await;
                let _ = online.settle(&id).await;
            });
        }
    }

    fn note_sent(&self, id: &CircuitId) {
        let mut circuits = self.circuits.borrow_mut();
        if let Some(vote) = circuits.get(id).and_then(|it| it.voted.as_mut()) {
            vote.is_sent = true;
        }
    }

    pub(super) async fn settle(self: &Rc<Self>, id: &CircuitId) -> Result<(), StoreError> {
        let request = Request::Settle {
            quorum: self.settings.quorum,
            known: self.circuits.borrow().users(id),
        };
        let reply = self.request(id, request).await?;
        self.adopt(id, &reply.view);
        Ok(())
    }

    /// Objects. If the store does not answer, the next view of the doubt makes the replica object
    /// again.
    pub(super) async fn object(self: Rc<Self>, id: CircuitId, objection: Request) {
        if self.request(&id, objection).await.is_err()
            && let Some(circuit) = self.circuits.borrow_mut().get(&id)
        {
            circuit.forget_objection();
        }
    }

    /// Counts the votes whose grace is over, because their voters may have lost the store before
    /// they could.
    pub(super) async fn settle_due(
        self: &Rc<Self>,
        ids: &[CircuitId],
        views: &[View],
    ) -> Result<(), StoreError> {
        let quorum = self.settings.quorum;
        let is_due = |view: &View| {
            view.doubt.is_some()
                && view.grace.is_zero()
                && quorum.is_reached(view.votes, view.objections)
        };
        let mut settled = Ok(());
        for (id, _) in ids.iter().zip(views).filter(|(_, view)| is_due(view)) {
            // A failure keeps no other circuit from being counted.
            settled = settled.and(self.settle(id).await);
        }
        settled
    }

    /// Sends the votes that the store does not have, because it could not be reached.
    pub(super) fn vote_unsent(self: &Rc<Self>) {
        let now = Instant::now();
        let mut circuits = self.circuits.borrow_mut();
        let unsent = circuits.by_text.values_mut().filter_map(|circuit| {
            let is_unsent = !circuit.followed.is_open() && circuit.unsent_vote(now).is_some();
            is_unsent.then(|| circuit.id.clone())
        });
        for id in unsent.collect::<Vec<_>>() {
            self.spawn(|online| async move { online.vote(id).await });
        }
    }
}
