//! The surroundings of the programs in `bin`: another process at work in the same database.

mod write_lock;

pub use write_lock::WriteLock;
