//! The line of one circuit to the thread of the replica.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use resilience::fleet::{Coordinator, ProbeRequest, Trip, Verdict};
use tokio::sync::mpsc::Sender;

use crate::{circuit_id::CircuitId, meters::Meters};

/// A message of a circuit.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) circuit: CircuitId,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Tripped(Trip),
    Asked(ProbeRequest),
    Probed(u64, Verdict),
}

/// The messages that wait for the thread at most.
pub(super) const QUEUE: usize = 128;

/// Puts the messages of one circuit into the queue. It never waits: if the queue is full, the message
/// is dropped and counted.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) circuit: CircuitId,
    pub(super) queue: Sender<Message>,
    pub(super) dropped: Arc<AtomicU64>,
    pub(super) meters: Meters,
}

impl Line {
    fn send(&self, content: Content) {
        let circuit = self.circuit.clone();
        if self.queue.try_send(Message { circuit, content }).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            self.meters.dropped();
        }
    }
}

impl Coordinator for Line {
    fn tripped(&self, trip: Trip) {
        self.send(Content::Tripped(trip));
    }

    fn asked(&self, request: ProbeRequest) {
        self.send(Content::Asked(request));
    }

    fn probed(&self, lease: u64, verdict: Verdict) {
        self.send(Content::Probed(lease, verdict));
    }
}
