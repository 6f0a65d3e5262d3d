//! The tests are in the folders beside this one; the README's snippets are this crate's doctests.
