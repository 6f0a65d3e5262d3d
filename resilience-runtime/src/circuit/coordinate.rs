//! The handle of a circuit, for a program that coordinates it with other processes.

use std::{sync::Arc, time::Duration};

use super::{
    breaker::CircuitBreaker,
    contact::StoreContact,
    coordinator::{Coordination, Coordinator},
    fleet_view::FleetView,
};

/// # Coordination with other processes
///
/// These methods are for a package such as `resilience-fleet`, see [`fleet`](crate::fleet).
impl CircuitBreaker {
    /// Gives the circuit its line to the circuits of the same name in other processes. A line that
    /// it had before ends.
    ///
    /// The circuit is coordinated for as long as `contact` is held. The coordinator should hold no
    /// handle of the circuit, because the circuit then would never be freed.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use resilience::fleet::{Coordinator, ProbeRequest, StoreContact, Trip, Verdict};
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig};
    ///
    /// /// Writes to standard output instead of a store.
    /// struct Printed;
    ///
    /// impl Coordinator for Printed {
    ///     fn tripped(&self, trip: Trip) {
    ///         println!("opened because of {}", trip.reason);
    ///     }
    ///     fn asked(&self, request: ProbeRequest) {
    ///         drop(request);
    ///     }
    ///     fn probed(&self, _lease: u64, _verdict: Verdict) {}
    /// }
    ///
    /// let contact = StoreContact::new("orders-prod");
    /// contact.restored();
    /// let breaker = CircuitBreaker::new("jira", CircuitBreakerConfig::new());
    /// breaker.coordinate(contact, Arc::new(Printed));
    /// ```
    pub fn coordinate(&self, contact: StoreContact, coordinator: Arc<dyn Coordinator>) {
        let coordination = Coordination {
            view: None,
            contact,
            coordinator,
        };
        self.shared().set_coordination(Some(coordination));
    }

    /// Ends the circuit's line to other processes. The circuit decides alone from now on.
    pub fn end_coordination(&self) {
        self.shared().set_coordination(None);
    }

    /// True if other processes decide over the circuit's probes now: it has a line to them, and the
    /// contact of the line is held.
    pub fn is_coordinated(&self) -> bool {
        self.shared().is_coordinated()
    }

    /// Shows operators the circuit as the other processes see it, in
    /// [`CircuitBreakerStats::fleet`](crate::CircuitBreakerStats::fleet). The name and the contact
    /// are those of the [`StoreContact`], whatever the view says. It changes nothing if the circuit
    /// has no line to other processes.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use resilience::fleet::{Coordinator, ProbeRequest, StoreContact, Trip, Verdict};
    /// use resilience::fleet::FleetView;
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig};
    /// # struct Nobody;
    /// # impl Coordinator for Nobody {
    /// #     fn tripped(&self, _trip: Trip) {}
    /// #     fn asked(&self, _request: ProbeRequest) {}
    /// #     fn probed(&self, _lease: u64, _verdict: Verdict) {}
    /// # }
    ///
    /// let breaker = CircuitBreaker::new("jira", CircuitBreakerConfig::new());
    /// breaker.coordinate(StoreContact::new("orders-prod"), Arc::new(Nobody));
    /// let mut view = FleetView::default();
    /// view.replicas = 3;
    /// breaker.show_fleet(view);
    ///
    /// let shown = breaker.stats().fleet.expect("the circuit has a fleet");
    /// assert_eq!((&*shown.name, shown.replicas, shown.is_degraded), ("orders-prod", 3, true));
    /// ```
    pub fn show_fleet(&self, view: FleetView) {
        self.shared().show_fleet(Arc::new(view));
    }

    /// Opens the circuit for this time, because the other processes decided it. The reason is
    /// [`TransitionReason::Fleet`](crate::TransitionReason::Fleet).
    ///
    /// A circuit that is open already gets this open time in place of its own, which is no
    /// transition. Returns false, and changes nothing, if the circuit obeys a
    /// [`trip`](Self::trip) or an [`isolate`](Self::isolate), because a command is stronger.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience::{CircuitBreaker, CircuitBreakerConfig, TransitionReason};
    ///
    /// let breaker = CircuitBreaker::new("jira", CircuitBreakerConfig::new());
    /// assert!(breaker.follow_open(Duration::from_secs(300)));
    /// let open = breaker.acquire().unwrap_err();
    /// assert_eq!(open.reason(), TransitionReason::Fleet);
    /// assert!(open.retry_after() > Some(Duration::from_secs(290)));
    /// ```
    pub fn follow_open(&self, open_for: Duration) -> bool {
        self.shared().follow_open(open_for)
    }

    /// Closes the circuit with an empty window, because the other processes decided it. The reason
    /// is [`TransitionReason::Fleet`](crate::TransitionReason::Fleet).
    ///
    /// Returns false, and changes nothing, if the circuit obeys a [`trip`](Self::trip) or an
    /// [`isolate`](Self::isolate).
    pub fn follow_closed(&self) -> bool {
        self.shared().follow_closed()
    }
}

#[cfg(test)]
mod tests;
