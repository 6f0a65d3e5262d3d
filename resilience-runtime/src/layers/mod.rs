//! The layers that one future drives around a body: circuits and timeouts.
//!
//! If each layer were a future of its own, it would be compiled once more for each function that it
//! stands around. So [`Layered`] alone is generic over the body, and asks the layers before and
//! after each poll of the body. They know nothing of the body but the type of its errors, so they
//! are compiled once for each of these.
//!
//! A body whose time is over is dropped before the layers end the call, because the user's code
//! that runs at that end may take a lock that the body holds.

mod contract;
mod layered;
mod nested;

pub(crate) use self::{
    contract::{Entry, Layers, Unwinding, expire},
    layered::{ErrorOf, ResultOf, polled_after_expiry},
};
pub use self::{layered::Layered, nested::Nested};

#[cfg(test)]
mod tests;
