//! What the attributes expand into. No part of the public interface: it changes with every release.

pub use crate::timeout::{Elapsed, Timeout};
