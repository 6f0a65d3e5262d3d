//! The way from the program to the thread of a replica.

use std::sync::Arc;

use resilience::{
    CircuitBreaker, RateLimit,
    fleet::{Coordinator, RateLimitCoordinator, StoreContact},
};
use tokio::sync::mpsc::UnboundedSender;

use super::{
    control::Control,
    line::{CircuitLine, Queue, RateLimitLine},
    rate_limits::RateLimits,
};
use crate::{circuit_id::CircuitId, rate_limit_id::RateLimitId};

/// The ends of the channels that the circuits, the rate limits and the handle of the fleet hold.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    pub(super) queue: Queue,
    pub(crate) control: UnboundedSender<Control>,
    pub(crate) contact: StoreContact,
    pub(super) rate_limits: RateLimits,
}

impl Links {
    /// Gives the circuit its line, and shares it.
    pub(crate) fn join(&self, breaker: &CircuitBreaker) {
        let line: Arc<dyn Coordinator> = Arc::new(CircuitLine {
            circuit: CircuitId::new(breaker.name(), breaker.key()),
            queue: self.queue.clone(),
        });
        breaker.coordinate(self.contact.clone(), line);
        let _ = self.control.send(Control::Came(breaker.clone()));
    }

    /// Ends the line of the circuit.
    pub(crate) fn part(&self, breaker: &CircuitBreaker) {
        breaker.end_coordination();
        let _ = self.control.send(Control::Went(breaker.clone()));
    }

    /// Gives the rate limit its line, and shares it.
    pub(crate) fn join_rate_limit(&self, limit: &RateLimit) {
        let line: Arc<dyn RateLimitCoordinator> = Arc::new(RateLimitLine {
            contact: self.contact.clone(),
            limit: RateLimitId::new(limit.name(), limit.key()),
            queue: self.queue.clone(),
        });
        limit.coordinate(line);
        self.rate_limits.add(limit);
    }

    /// Ends the line of the rate limit.
    pub(crate) fn part_rate_limit(&self, limit: &RateLimit) {
        limit.end_coordination();
        self.rate_limits.remove(limit);
    }
}
