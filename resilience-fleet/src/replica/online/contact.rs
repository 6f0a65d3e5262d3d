//! The requests to the store, and the count of those that fail.

use std::future::Future;

use resilience::fleet::StoreContact;
use tokio::time::timeout;

use super::{LIMIT, Online};
use crate::{
    circuit_id::CircuitId,
    replica::apply::Order,
    store::{Reply, Request, Session, StoreError, StoreErrorKind},
};

/// The requests in a row whose failure ends the contact.
pub(super) const FAILURES: u32 = 3;

pub(super) const NO_STORE: &str = "the store of the fleet cannot be reached";

impl<S: Session> Online<S> {
    /// Makes a request within the limit of the fleet, and counts its failure.
    pub(super) async fn ask<T, F>(&self, request: impl FnOnce(S) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let session = self.session.borrow().clone();
        let Some(session) = session else {
            return Err(StoreError::new(StoreErrorKind::Connection, NO_STORE));
        };
        let answer = match timeout(LIMIT, request(session)).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::new(
                StoreErrorKind::Timeout,
                "the store did not answer within 50 ms",
            )),
        };
        match &answer {
            Ok(_) => self.failures.set(0),
            Err(error) => self.failed(error.kind()),
        }
        answer
    }

    /// Notes if the store can be reached. The thread of the changes tells the program, because a
    /// listener that blocks this thread would hold up the probes and commands that wait for it.
    pub(crate) fn note_contact(&self, contact: &StoreContact, state: Result<(), StoreErrorKind>) {
        contact.set_held(state.is_ok());
        self.meters.contact(state.is_ok());
        self.apply.send(match state {
            Ok(()) => Order::TellRestored(contact.clone()),
            Err(cause) => Order::TellLost(contact.clone(), cause.name()),
        });
    }

    pub(super) fn failed(&self, cause: StoreErrorKind) {
        let failures = self.failures.get() + 1;
        self.failures.set(failures);
        if failures >= FAILURES || cause == StoreErrorKind::Connection {
            self.lose(cause);
        } else {
            // The next requests show soon if the store is lost.
            self.poll.is_wanted.notify_one();
        }
    }

    /// Ends the contact.
    pub(super) fn lose(&self, cause: StoreErrorKind) {
        self.lost.set(Some(cause));
        self.is_lost.notify_one();
    }

    pub(super) async fn request(
        &self,
        id: &CircuitId,
        request: Request,
    ) -> Result<Reply, StoreError> {
        self.ask(|session| async move { session.request(id, &request).await })
            .await
            .inspect_err(|error| self.poll.note_refusal(error.kind()))
    }
}
