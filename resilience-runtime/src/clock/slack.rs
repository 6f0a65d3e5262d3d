//! The difference between the two clocks.

/// The coarse clock is behind the exact one by less than this: 17 ms, where the longest tick is 10
/// ms.
pub(crate) const SLACK: u64 = 1 << 24;
