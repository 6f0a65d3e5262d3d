//! The metrics of a fleet, with the feature `metrics`. Without it they are nothing.

use std::sync::Arc;

/// The metrics of the fleet of one namespace.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "metrics"),
    expect(dead_code, reason = "there are no labels without metrics")
)]
pub(crate) struct Meters {
    fleet: Arc<str>,
}

impl Meters {
    pub(crate) fn new(namespace: &str) -> Self {
        Self {
            fleet: namespace.into(),
        }
    }
}

/// The answers of the store to a question for a lease.
#[cfg(feature = "metrics")]
const OUTCOMES: [&str; 4] = ["granted", "denied", "alone", "unanswered"];

#[cfg(feature = "metrics")]
impl Meters {
    /// Makes all series exist, so that a rate works before the first event. It is called again and
    /// again, because the recorder may be installed at any time.
    pub(crate) fn contact(&self, is_held: bool) {
        Self::describe();
        metrics::gauge!("resilience_fleet_degraded", "fleet" => self.label())
            .set(f64::from(u8::from(!is_held)));
        metrics::counter!("resilience_fleet_votes_total", "fleet" => self.label()).increment(0);
        metrics::counter!("resilience_fleet_dropped_writes_total", "fleet" => self.label())
            .increment(0);
        self.permits(0);
        for outcome in OUTCOMES {
            self.leases(outcome, 0);
        }
        let _ = self.lag();
    }

    /// Notes that a message was dropped, because the queue was full.
    pub(crate) fn dropped(&self) {
        metrics::counter!("resilience_fleet_dropped_writes_total", "fleet" => self.label())
            .increment(1);
    }

    pub(crate) fn voted(&self) {
        metrics::counter!("resilience_fleet_votes_total", "fleet" => self.label()).increment(1);
    }

    pub(crate) fn leased(&self, outcome: &'static str) {
        self.leases(outcome, 1);
    }

    /// Notes the permits of rate limits that the store leased.
    pub(crate) fn permits(&self, number: u32) {
        metrics::counter!("resilience_fleet_permits_total", "fleet" => self.label())
            .increment(number.into());
    }

    /// Notes the time from a change in the store to its reading by this replica.
    pub(crate) fn push_lag(&self, seconds: f64) {
        self.lag().record(seconds);
    }

    fn leases(&self, outcome: &'static str, number: u64) {
        metrics::counter!(
            "resilience_fleet_leases_total", "fleet" => self.label(), "outcome" => outcome
        )
        .increment(number);
    }

    fn lag(&self) -> metrics::Histogram {
        metrics::histogram!("resilience_fleet_push_lag_seconds", "fleet" => self.label())
    }

    fn label(&self) -> Arc<str> {
        Arc::clone(&self.fleet)
    }

    fn describe() {
        use metrics::Unit;
        metrics::describe_gauge!(
            "resilience_fleet_degraded",
            Unit::Count,
            "1 while the store cannot be reached, so that each circuit decides alone."
        );
        metrics::describe_counter!(
            "resilience_fleet_votes_total",
            Unit::Count,
            "Votes of this replica that the store took."
        );
        metrics::describe_counter!(
            "resilience_fleet_leases_total",
            Unit::Count,
            "Questions of would-be probes for a lease, by the answer of the store."
        );
        metrics::describe_counter!(
            "resilience_fleet_permits_total",
            Unit::Count,
            "Permits of rate limits that the store leased to this replica."
        );
        metrics::describe_histogram!(
            "resilience_fleet_push_lag_seconds",
            Unit::Seconds,
            "Time from a change in the store to its reading by this replica."
        );
        metrics::describe_counter!(
            "resilience_fleet_dropped_writes_total",
            Unit::Count,
            "Messages of circuits and rate limits that were dropped, because the queue was full."
        );
    }
}

#[cfg(not(feature = "metrics"))]
#[expect(clippy::unused_self, reason = "there are no metrics")]
impl Meters {
    pub(crate) fn contact(&self, _: bool) {}
    pub(crate) fn dropped(&self) {}
    pub(crate) fn voted(&self) {}
    pub(crate) fn leased(&self, _: &'static str) {}
    pub(crate) fn permits(&self, _: u32) {}
    pub(crate) fn push_lag(&self, _: f64) {}
}
