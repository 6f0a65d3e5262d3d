//! The settings of a name that has a circuit for each key.

use std::time::Duration;

use super::CircuitBreakerConfig;
use crate::keyed::{IDLE, MAX_KEYS};

impl CircuitBreakerConfig {
    /// Sets the largest number of circuits of a name with a circuit for each key. Default 1,000; no
    /// effect on a circuit without a key.
    ///
    /// A new key beyond it takes the place of a key that has been [`idle`](Self::idle), or shares
    /// the overflow circuit.
    ///
    /// # Panics
    /// If it is 0.
    ///
    /// ```
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().max_keys(50);
    /// assert_eq!(config.get_max_keys(), 50);
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn max_keys(mut self, keys: u32) -> Self {
        MAX_KEYS.require(keys >= 1);
        self.max_keys = keys;
        self
    }

    /// Sets the time after its last call during which the circuit of a key is not forgotten.
    /// Default 10 minutes; [`Duration::MAX`] is for ever. It has no effect on a circuit without a
    /// key.
    ///
    /// # Panics
    /// If it is zero.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use resilience::CircuitBreakerConfig;
    /// let config = CircuitBreakerConfig::new().idle(Duration::from_secs(60));
    /// assert_eq!(config.get_idle(), Duration::from_secs(60));
    /// ```
    #[track_caller]
    #[must_use]
    pub const fn idle(mut self, time: Duration) -> Self {
        IDLE.require(!time.is_zero());
        self.idle = time;
        self
    }

    /// The largest number of circuits of a name with a circuit for each key.
    pub const fn get_max_keys(&self) -> u32 {
        self.max_keys
    }

    /// The time after its last call during which the circuit of a key is not forgotten.
    pub const fn get_idle(&self) -> Duration {
        self.idle
    }
}
