//! The error type of the services.

/// The error of the services, as in tower.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
