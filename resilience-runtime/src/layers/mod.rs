//! The layers that one future drives around a body: circuits and timeouts.
//!
//! If each layer were a future of its own, it would be compiled once more for each function that it
//! stands around. So [`Layered`] alone is generic over the body, and asks the layers before and
//! after each poll of the body. They know nothing of the body but the type of its errors, so they
//! are compiled once for each of these.
//!
//! A body whose time is over is dropped together with the future, so after the error is made, the
//! circuit has recorded it and the retry has decided: a place for a dropped body would take a word
//! of each future.

mod contract;
mod layered;
mod nested;

pub(crate) use self::{
    contract::{Entry, Layers, Unwinding},
    layered::{ErrorOf, ResultOf},
};
pub use self::{layered::Layered, nested::Nested};

#[cfg(test)]
mod tests;
