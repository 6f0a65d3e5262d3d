//! A house's own crate, through which its services get the runtime.

/// The runtime.
pub mod deep {
    pub use resilience;
}
