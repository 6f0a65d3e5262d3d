//! The settings of a replica.

use std::sync::Arc;

use crate::quorum::Quorum;

/// The settings of a replica.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) namespace: String,
    pub(crate) replica: Arc<str>,
    pub(crate) quorum: Quorum,
    pub(crate) starts_degraded: bool,
    /// The share of a burst that the batches of all replicas have.
    pub(crate) batch_share: f64,
}
