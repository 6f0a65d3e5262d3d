//! The lines that rate limits write to the log.

use std::time::Duration;

use tracing::{field::display, warn};

use crate::{by_name::Name, errors::ShownKey, limiter::report_lines};

report_lines!(limit, "rate limit", "rate limits");

/// The rate limit refuses calls. The caller writes this at most once a minute.
#[cold]
pub(super) fn limited(name: &Name, retry_after: Duration, refused: u64) {
    let key = name.key().map(ShownKey).map(display);
    let retry_after_ms = retry_after.as_secs_f64() * 1_000.0;
    warn!(
        target: "resilience", limit = &**name, key, retry_after_ms, refused,
        "rate limit is used up: calls are refused"
    );
}
