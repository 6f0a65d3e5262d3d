//! What the attributes expand into. No part of the public interface: it changes with every release.

pub use crate::circuit::{Site, Verdict, Watch};
