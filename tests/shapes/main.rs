//! Whatever function rustc accepts, each attribute and their stack accept, and it behaves as it did: one module per group
//! of shapes. The groups are written once and run under each attribute by the macros of [`policies`].
#![deny(warnings)]

#[macro_use]
mod policies;
mod flaky;

mod arguments;
mod bodies;
mod drop_order;
mod generics;
mod modifiers;
mod positions;
mod receivers;
mod return_types;
mod self_in_bodies;

pub(crate) use flaky::{Error, Flaky};

/// Compiles for what is `Send`.
pub(crate) fn assert_send<T: Send>(_: &T) {}
