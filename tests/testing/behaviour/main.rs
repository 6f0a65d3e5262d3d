//! The promises of `resilience::testing`.

mod isolation;
