//! The lines that bulkheads write to the log.

use tracing::{field::display, warn};

use super::slots::Numbers;
use crate::{by_name::Name, errors::ShownKey, limiter::report_lines};

report_lines!(bulkhead, "bulkhead", "bulkheads");

/// The bulkhead refuses calls. The caller writes this at most once a minute.
#[cold]
pub(super) fn full(name: &Name, numbers: &Numbers, refused: u64) {
    let key = name.key().map(ShownKey).map(display);
    let Numbers {
        limit,
        running: in_use,
        waiting,
        ..
    } = numbers;
    warn!(
        target: "resilience", bulkhead = &**name, key, limit, in_use, waiting, refused,
        "bulkhead is full: calls are refused"
    );
}
