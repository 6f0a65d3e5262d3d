//! What the attributes expand into. No part of the public interface: it changes with every release.

pub use crate::retry::{Attempt, Backoff, Retry, backoff, sleep_blocking};
pub use crate::show::{Show, Shown};
