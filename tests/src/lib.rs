//! The tests are in the folders beside this one; the README's snippets are this crate's doctests.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
