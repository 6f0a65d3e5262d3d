//! The orders of the program: circuits that come and go, commands, and questions for the status.

use std::{rc::Rc, sync::atomic::Ordering, time::Duration};

use resilience::CircuitBreaker;

use super::{Online, contact::NO_STORE};
use crate::{
    circuit_id::CircuitId,
    replica::{control::Control, line::Message},
    status::{FleetCircuit, FleetStatus},
    store::{Opening, Request, Session, StoreError, StoreErrorKind, StoredCommand, random_epoch},
};

/// The settings of a circuit that this replica does not use.
const DEFAULT_OPENING: Opening = Opening {
    open_for: Duration::from_secs(30),
    lease_for: Duration::from_secs(30),
    probes: 1,
    success_threshold: 2,
};

impl<S: Session> Online<S> {
    pub(super) fn obey(self: &Rc<Self>, order: Control) {
        match order {
            Control::Came(breaker) => {
                self.came(&breaker);
                if !self.is_reading.replace(true) {
                    self.spawn(Self::read_new);
                }
            }
            Control::Command {
                circuit,
                command,
                done,
            } => self.spawn(|online| async move {
                let _ = done.send(online.command(circuit, command).await);
            }),
            Control::Status(answer) => self.spawn(|online| async move {
                let _ = answer.send(online.status().await);
            }),
            order => self.note_offline(order),
        }
    }

    pub(super) fn came(&self, breaker: &CircuitBreaker) {
        self.is_list_sent.set(false);
        let new = self.circuits.borrow_mut().add(breaker);
        self.unread.borrow_mut().extend(new);
    }

    pub(super) async fn command(
        self: &Rc<Self>,
        id: CircuitId,
        command: StoredCommand,
    ) -> Result<(), StoreError> {
        let opening = {
            let mut circuits = self.circuits.borrow_mut();
            let circuit = circuits.get(&id);
            circuit.map_or(DEFAULT_OPENING, |circuit| circuit.opening(None))
        };
        let request = Request::Command {
            command,
            opening,
            epoch: random_epoch(),
        };
        let reply = self.request(&id, request).await?;
        self.adopt(&id, &reply.view);
        Ok(())
    }

    pub(super) async fn status(self: &Rc<Self>) -> Result<FleetStatus, StoreError> {
        let ids = &self.circuits.borrow().ids();
        let lists = self
            .ask(|session| async move { session.members().await })
            .await?;
        let views = self.read_and_adopt(ids).await?;
        let rate_limits = self.rate_limits_now().await?;
        self.take_members(&lists);
        let circuits = self.circuits.borrow();
        let of_circuits = ids
            .iter()
            .zip(&views)
            .map(|(id, view)| FleetCircuit::new(id.name(), id.key(), view, circuits.users(id)));
        Ok(FleetStatus {
            replicas: lists.into_keys().collect(),
            circuits: of_circuits.collect(),
            rate_limits,
            dropped: self.dropped.load(Ordering::Relaxed),
        })
    }

    /// Takes an order that needs no store, and answers the others with an error.
    pub(crate) fn note_offline(&self, order: Control) {
        let no_store = || StoreError::new(StoreErrorKind::Connection, NO_STORE);
        match order {
            Control::Came(breaker) => self.came(&breaker),
            Control::FamilyCame(family) => {
                self.is_list_sent.set(false);
                let new = self.circuits.borrow_mut().add_family(&family);
                self.unread.borrow_mut().extend(new);
            }
            Control::Went(breaker) => {
                self.is_list_sent.set(false);
                let new = self.circuits.borrow_mut().remove(&breaker);
                self.unread.borrow_mut().extend(new);
            }
            Control::Command { done, .. } => drop(done.send(Err(no_store()))),
            Control::Status(answer) => drop(answer.send(Err(no_store()))),
            Control::NotFollowed(id) => {
                if let Some(circuit) = self.circuits.borrow_mut().get(&id) {
                    circuit.followed.forget_term();
                }
            }
            Control::End => {}
        }
    }

    /// Keeps a vote for the time when the store is there again. The rest is over by then.
    pub(crate) fn note_message_offline(&self, message: &Message) {
        if let Message::Tripped(circuit, trip) = message {
            self.note_trip(circuit, *trip);
        }
    }
}
