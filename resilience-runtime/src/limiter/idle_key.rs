//! The idle time of a key, for the tests of each limiter.

use std::time::Duration;

use tokio::time::advance;

/// The time after which a key of the tested limiter is idle.
pub(crate) const IDLE: Duration = Duration::from_secs(1);

/// Asserts that a key is idle for [`IDLE`] from its last call on. The limiter has room for one key,
/// so that another key is known only if the idle one has made room. `call` makes a call that is
/// over at once, and `is_known` tells if a key has a limiter of its own.
pub(crate) async fn assert_counts_from_the_last_call(
    call: impl Fn(&'static str),
    is_known: impl Fn(&'static str) -> bool,
) {
    call("a");
    advance(IDLE * 3 / 4).await;
    call("a");
    advance(IDLE * 3 / 4).await;
    call("b");
    assert!(is_known("a") && !is_known("b"));
    advance(IDLE / 4).await;
    call("b");
    assert!(!is_known("a") && is_known("b"));
}
