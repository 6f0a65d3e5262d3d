//! The poll, which is the net under lost pushes.

use std::{rc::Rc, time::Instant};

use super::Online;
use crate::store::Session;

impl<S: Session> Online<S> {
    pub(super) async fn poll(self: Rc<Self>) {
        self.sample();
        // A limit may have another configuration.
        self.rate_limits.divide();
        self.meters.contact(true);
        let serial = self.serial.get();
        let changes = self
            .ask(|session| async move { session.changes(serial).await })
            .await;
        let Ok(changes) = changes else { return };
        self.serial.set(changes.serial);
        let ids = {
            let circuits = self.circuits.borrow();
            match changes.circuits {
                None => circuits.ids(),
                Some(texts) => {
                    let mut ids = circuits.unsettled();
                    ids.append(&mut self.unread.borrow_mut());
                    let known = texts.iter().filter_map(|text| circuits.by_text.get(text));
                    ids.extend(known.map(|circuit| circuit.id.clone()));
                    ids.sort();
                    ids.dedup();
                    ids
                }
            }
        };
        let Ok(views) = self.read_and_adopt(&ids).await else {
            return;
        };
        self.settle_due(&ids, &views).await;
        self.vote_unsent();
        if !self.is_list_sent.get() {
            self.send_heartbeat_now().await;
        }
    }

    pub(super) fn sample(&self) {
        let now = Instant::now();
        for circuit in self.circuits.borrow_mut().by_text.values_mut() {
            circuit.sample(now);
        }
    }
}
