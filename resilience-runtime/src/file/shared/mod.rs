//! The rules of literal values, in the words of every message about them.
//!
//! The files are copies of those in `resilience-macros/src/language/shared/`, because a procedural
//! macro cannot be called at run time. A test of the macros compares the two folders.

pub(crate) mod duration;
pub(super) mod nearest;
pub(super) mod rules;
