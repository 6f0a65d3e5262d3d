//! `#[retry]`.

mod future;
