//! The operation: the annotated function under its name.

mod name;
mod stack;
mod statistics;
