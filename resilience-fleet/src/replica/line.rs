//! The lines of circuits and rate limits to the thread of the replica.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use resilience::fleet::{
    Coordinator, PermitRequest, ProbeRequest, RateLimitCoordinator, StoreContact, Trip, Verdict,
};
use tokio::sync::mpsc::Sender;

use crate::{circuit_id::CircuitId, meters::Meters, rate_limit_id::RateLimitId};

/// A message of a circuit or of a rate limit.
#[derive(Debug)]
pub(super) enum Message {
    Tripped(CircuitId, Trip),
    Asked(CircuitId, ProbeRequest),
    Probed(CircuitId, u64, Verdict),
    WantsPermits(RateLimitId, PermitRequest),
}

/// The messages that wait for the thread at most.
pub(super) const QUEUE: usize = 128;

/// The end of the queue that circuits and rate limits have. It never waits: if the queue is full,
/// the message is dropped and counted.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) sender: Sender<Message>,
    pub(super) dropped: Arc<AtomicU64>,
    pub(super) meters: Meters,
}

impl Queue {
    fn send(&self, message: Message) {
        if self.sender.try_send(message).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            self.meters.dropped();
        }
    }
}

/// Puts the messages of one circuit into the queue.
#[derive(Debug)]
pub(super) struct CircuitLine {
    pub(super) circuit: CircuitId,
    pub(super) queue: Queue,
}

impl Coordinator for CircuitLine {
    fn tripped(&self, trip: Trip) {
        self.queue
            .send(Message::Tripped(self.circuit.clone(), trip));
    }

    fn asked(&self, request: ProbeRequest) {
        self.queue
            .send(Message::Asked(self.circuit.clone(), request));
    }

    fn probed(&self, lease: u64, verdict: Verdict) {
        let circuit = self.circuit.clone();
        self.queue.send(Message::Probed(circuit, lease, verdict));
    }
}

/// Puts the messages of one rate limit into the queue.
#[derive(Debug)]
pub(super) struct RateLimitLine {
    pub(super) contact: StoreContact,
    pub(super) limit: RateLimitId,
    pub(super) queue: Queue,
}

impl RateLimitCoordinator for RateLimitLine {
    fn wanted(&self, request: PermitRequest) {
        self.queue
            .send(Message::WantsPermits(self.limit.clone(), request));
    }

    fn fleet_name(&self) -> String {
        self.contact.fleet().to_owned()
    }
}
