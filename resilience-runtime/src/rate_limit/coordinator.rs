//! The other processes of a fleet, as a rate limit sees them.

use super::permit_request::PermitRequest;

/// One rate limit's line to the rate limits of the same name in other processes.
///
/// [`RateLimit::coordinate`](crate::RateLimit::coordinate) gives a rate limit its coordinator. The
/// method is called in the thread of a call, under no lock, so it hands its work to another thread
/// and returns at once. One that panics breaks no call.
pub trait RateLimitCoordinator: Send + Sync + 'static {
    /// The rate limit has few leased permits left. The call that saw it does not wait for the
    /// answer.
    fn wanted(&self, request: PermitRequest);

    /// The name of the fleet, for operators. By default it is empty.
    fn fleet_name(&self) -> String {
        String::new()
    }
}
