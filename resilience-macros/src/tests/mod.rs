//! Tests of the whole: documentation, editors, fuzzing, goldens, snapshots and the user's crate.

mod documentation;
mod editors;
mod fuzz;
mod goldens;
mod shared;
mod snapshots;
mod user_crate;
