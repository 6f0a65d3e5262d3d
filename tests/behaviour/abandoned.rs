//! Calls that give up a body that has begun.
//!
//! Time is real for a sync timeout, and a busy machine may begin the body later than any short
//! limit. So the limit grows until the body begins within it.

use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use resilience::TimedOut;

const LIMITS: [Duration; 4] = [
    Duration::from_millis(20),
    Duration::from_millis(200),
    Duration::from_secs(2),
    Duration::from_secs(20),
];

/// Calls until a body has begun within its limit. Returns the error of that call, and a sender for
/// which the body waits.
pub(crate) fn abandon(
    mut call: impl FnMut(Duration, Receiver<()>) -> TimedOut,
) -> (TimedOut, Sender<()>) {
    with_growing_limits(|limit| {
        let (may_go, go_on) = mpsc::channel();
        let late = call(limit, go_on);
        assert_eq!(late.limit(), limit);
        late.was_started().then_some((late, may_go))
    })
}

/// Tries one limit after another until the test returns something, because all of its bodies have
/// begun.
pub(crate) fn with_growing_limits<T>(test: impl FnMut(Duration) -> Option<T>) -> T {
    LIMITS
        .into_iter()
        .find_map(test)
        .expect("a body begins within seconds")
}
