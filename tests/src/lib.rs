//! The tests are in the folders beside this one; the snippets of the READMEs are this crate's
//! doctests.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../../resilience-runtime/README.md")]
mod readme_of_the_crate {}

#[cfg(doctest)]
#[doc = include_str!("../../resilience-dashboard/README.md")]
mod readme_of_the_dashboard {}

#[cfg(doctest)]
#[doc = include_str!("../../resilience-tower/README.md")]
mod readme_of_the_layers {}
