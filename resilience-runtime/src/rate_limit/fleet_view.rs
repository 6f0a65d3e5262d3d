//! A rate limit as its fleet divides it, for operators.

/// A rate limit as its fleet divides it among the processes.
///
/// [`RateLimitStats::fleet`](crate::RateLimitStats::fleet) has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RateLimitView {
    /// The name of the fleet, which its coordinator
    /// [says](crate::fleet::RateLimitCoordinator::fleet_name).
    pub name: String,
    /// The store cannot be reached, so that this process has its share of the limit and leases
    /// nothing.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "store", serialize_with = "crate::serialize::store")
    )]
    pub is_degraded: bool,
    /// The processes among which the limit is divided.
    pub replicas: u32,
    /// The permits that this process leases at once. 0 while the store cannot be reached.
    pub batch: u32,
}
