//! The tests are in the folders beside this one; the snippets of the two READMEs are this crate's
//! doctests.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../../resilience-runtime/README.md")]
mod readme_of_the_crate {}
