//! Whatever function rustc accepts, each attribute and their stack accept, and it behaves as it
//! did: one module per group of shapes. The groups are written once and run under each attribute by
//! the macros of [`policies`].
#![deny(warnings)]
#![allow(
    clippy::style,
    clippy::complexity,
    clippy::pedantic,
    clippy::boxed_local,
    reason = "functions as people write them, not as they should; environments/strict has every lint on"
)]

#[macro_use]
mod policies;
mod flaky;

mod arguments;
mod async_forms;
mod bodies;
mod consumed_arguments;
mod depth;
mod drop_order;
mod generics;
mod held_borrows;
mod lent_arguments;
mod modifiers;
mod neighbours;
mod positions;
mod receivers;
mod return_types;
mod self_in_bodies;
mod send;
mod shared_by_attempts;
mod sizes;

pub(crate) use flaky::{Error, Flaky};

/// Compiles for what is `Send`.
pub(crate) fn assert_send<T: Send>(_: &T) {}
