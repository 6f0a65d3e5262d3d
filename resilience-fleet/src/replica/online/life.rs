//! The signs of life of this replica, and the lists of the others.

use std::{collections::BTreeMap, rc::Rc};

use super::Online;
use crate::store::{Heartbeat, Session, StoreError};

impl<S: Session> Online<S> {
    pub(super) async fn send_heartbeat(self: Rc<Self>) {
        let _ = self.send_heartbeat_now().await;
    }

    pub(super) async fn send_heartbeat_now(self: &Rc<Self>) -> Result<(), StoreError> {
        let online = Rc::clone(self);
        self.ask(|session| async move { online.heartbeat(&session).await })
            .await
            .map(drop)
    }

    /// Gives a sign of life. True if another process has the name of this replica.
    pub(super) async fn heartbeat(self: &Rc<Self>, session: &S) -> Result<bool, StoreError> {
        let mut list = (!self.is_list_sent.replace(true)).then(|| self.circuits.borrow().list());
        let mut is_taken = false;
        for _ in 0..2 {
            let heartbeat = Heartbeat {
                replica: &self.settings.replica,
                instance: &self.instance,
                circuits: list.as_deref(),
            };
            let alive = session.heartbeat(&heartbeat).await;
            let alive = alive.inspect_err(|_| self.is_list_sent.set(false))?;
            is_taken |= alive.is_taken;
            if self.version.replace(Some(alive.version)) != Some(alive.version) {
                let lists = session.members().await?;
                self.take_members(&lists);
            }
            if !alive.wants_circuits {
                break;
            }
            list = Some(self.circuits.borrow().list());
        }
        Ok(is_taken)
    }

    /// Reads the lists of the replicas. One task reads them for all pushes that come meanwhile.
    pub(super) fn members_changed(self: &Rc<Self>) {
        self.are_members_unread.set(true);
        if !self.is_reading_members.replace(true) {
            self.spawn(Self::read_members);
        }
    }

    async fn read_members(self: Rc<Self>) {
        while self.are_members_unread.replace(false) {
            let lists = self
                .ask(|session| async move { session.members().await })
                .await;
            // After a failure, the next sign of life sees that the lists have another version.
            if let Ok(lists) = lists {
                self.take_members(&lists);
            }
        }
        self.is_reading_members.set(false);
    }

    /// Takes the lists of the replicas that are alive over.
    pub(super) fn take_members(&self, lists: &BTreeMap<String, String>) {
        self.circuits.borrow_mut().set_users(lists);
        self.rate_limits.set_replicas(lists.len());
    }
}
