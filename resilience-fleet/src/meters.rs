//! The metrics of a fleet, with the feature `metrics`.

#[cfg(feature = "metrics")]
pub(crate) fn dropped() {
    metrics::counter!("resilience_fleet_dropped_writes_total").increment(1);
}

#[cfg(feature = "metrics")]
pub(crate) fn voted() {
    metrics::counter!("resilience_fleet_votes_total").increment(1);
}

#[cfg(feature = "metrics")]
pub(crate) fn leased(outcome: &'static str) {
    metrics::counter!("resilience_fleet_leases_total", "outcome" => outcome).increment(1);
}

#[cfg(feature = "metrics")]
pub(crate) fn push_lag(seconds: f64) {
    metrics::histogram!("resilience_fleet_push_lag_seconds").record(seconds);
}

#[cfg(feature = "metrics")]
pub(crate) fn degraded(is_degraded: bool) {
    metrics::gauge!("resilience_fleet_degraded").set(f64::from(u8::from(is_degraded)));
}

#[cfg(not(feature = "metrics"))]
mod none {
    pub(crate) fn dropped() {}
    pub(crate) fn voted() {}
    pub(crate) fn leased(_: &'static str) {}
    pub(crate) fn push_lag(_: f64) {}
    pub(crate) fn degraded(_: bool) {}
}

#[cfg(not(feature = "metrics"))]
pub(crate) use none::*;
