//! Aids for tests of annotated functions: feature `test-util`.
mod future;
mod scope;

pub use future::ScopeFuture;
pub use scope::{Scope, scope};
