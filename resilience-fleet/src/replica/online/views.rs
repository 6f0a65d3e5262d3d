//! The views of the store: they are read, and the circuits of this process follow them.

use std::{rc::Rc, sync::Arc, time::Instant};

use super::Online;
use crate::{
    circuit_id::CircuitId,
    replica::{adopt::Action, apply::Order},
    store::{Request, Session, StoreError, View},
};

/// The circuits that one request reads.
const READ_AT_ONCE: usize = 100;

impl<S: Session> Online<S> {
    /// Follows a view, and objects to a doubt.
    pub(super) fn adopt(self: &Rc<Self>, id: &CircuitId, view: &View) {
        let now = Instant::now();
        let mut circuits = self.circuits.borrow_mut();
        let users = circuits.known_users(id);
        let Some(circuit) = circuits.get(id) else {
            return;
        };
        circuit.is_doubted = view.doubt.is_some();
        circuit.show(view, self.settings.quorum, users);
        // A listener may block the changes. The next poll reads the circuit again then.
        circuit.is_held_up = !self.apply.have_room();
        let actions = if circuit.is_held_up {
            Vec::new()
        } else {
            circuit.followed.adopt(view, now, rand::random())
        };
        for action in actions {
            let target = circuit.target();
            let order = match (action, &circuit.breaker) {
                (Action::Open(until), Some(breaker)) => {
                    Order::Open(id.clone(), breaker.clone(), until)
                }
                (Action::Close, Some(breaker)) => {
                    circuit.voted = None;
                    Order::Close(id.clone(), breaker.clone())
                }
                (Action::Open(_) | Action::Close, None) => continue,
                (Action::Obey(command), _) => {
                    circuit.voted = None;
                    Order::Obey(target, command.command)
                }
                (Action::EndCommand, _) => {
                    circuit.voted = None;
                    Order::Reset(target)
                }
                (Action::Restore(request), _) => {
                    let id = id.clone();
                    self.spawn(|online| async move { online.write(id, request).await });
                    continue;
                }
            };
            self.apply.send(order);
        }
        if let Some(request) = circuit.recovered(view) {
            let id = id.clone();
            self.spawn(|online| async move { online.write(id, request).await });
        }
        if circuit.objects(view, now) {
            let request = Request::Object {
                replica: Arc::clone(&self.settings.replica),
                counts_for: circuit.window(),
            };
            let id = id.clone();
            self.spawn(|online| async move { online.object(id, request).await });
        }
    }

    /// Makes the request, and follows what the store answers.
    pub(super) async fn write(self: Rc<Self>, id: CircuitId, request: Request) {
        if let Ok(reply) = self.request(&id, request).await {
            self.adopt(&id, &reply.view);
        }
    }

    /// Reads a circuit that the store says has changed. If there is no room for another task, the
    /// next poll reads it, because the store keeps a log of the changes, too.
    pub(super) fn changed(self: &Rc<Self>, text: &str, at: u64) {
        if !self.has_room() {
            return;
        }
        let id = {
            let circuits = self.circuits.borrow();
            circuits.by_text.get(text).map(|circuit| circuit.id.clone())
        };
        let Some(id) = id else { return };
        self.spawn_counted(|online| async move {
            if let Ok(reply) = online.request(&id, Request::Read).await {
                #[expect(clippy::cast_precision_loss, reason = "a lag is some milliseconds")]
                online
                    .meters
                    .push_lag(reply.view.at.saturating_sub(at) as f64 / 1e6);
                online.adopt(&id, &reply.view);
            }
        });
    }

    pub(super) async fn read_all(
        self: &Rc<Self>,
        session: &S,
        ids: &[CircuitId],
    ) -> Result<(), StoreError> {
        let views = session.read(ids).await?;
        for (id, view) in ids.iter().zip(&views) {
            self.adopt(id, view);
        }
        self.vote_unsent();
        Ok(())
    }

    /// Reads the circuits, so many at a time as fit the limit of one request, and follows them.
    pub(super) async fn read_and_adopt(
        self: &Rc<Self>,
        ids: &[CircuitId],
    ) -> Result<Vec<View>, StoreError> {
        let mut all = Vec::with_capacity(ids.len());
        for some in ids.chunks(READ_AT_ONCE) {
            let views = self
                .ask(|session| async move { session.read(some).await })
                .await?;
            for (id, view) in some.iter().zip(&views) {
                self.adopt(id, view);
            }
            all.extend(views);
        }
        Ok(all)
    }

    /// Reads the circuits that came. One task reads all of them, because many may come at once.
    pub(super) async fn read_new(self: Rc<Self>) {
        loop {
            let new = self.unread.take();
            if new.is_empty() {
                break;
            }
            // A failure is counted, and the next poll reads the rest.
            if self.read_and_adopt(&new).await.is_err() {
                self.unread.borrow_mut().extend(new);
                break;
            }
        }
        self.is_reading.set(false);
    }
}
