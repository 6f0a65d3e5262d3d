//! The rules of literal values, in the words of every message about them.
//!
//! The configuration file of the runtime keeps the same rules in the same words, and a procedural
//! macro cannot be called at run time. The runtime therefore has a copy of these files in
//! `resilience-runtime/src/file/shared/`. A test of the macros compares the two folders, and writes
//! the copy with `BLESS=1`.

pub(crate) mod duration;
pub(crate) mod nearest;
pub(crate) mod rules;
