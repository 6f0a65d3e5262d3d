use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{config::EveryThirdConfig, error::ThirdCall};

/// Counts the calls of one function.
#[derive(Debug)]
pub struct EveryThird(AtomicU32);

impl EveryThird {
    /// No call was counted yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "the expansion alone makes one")]
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Counts a call.
    ///
    /// # Errors
    ///
    /// If the call is refused.
    pub fn admit(&self, config: &EveryThirdConfig) -> Result<(), ThirdCall> {
        let call = 1 + self.0.fetch_add(1, Relaxed);
        if call >= config.first && (call - config.first) % 3 == 0 {
            return Err(ThirdCall(()));
        }
        Ok(())
    }
}
