//! The language of the attributes: options behind a name, as the table of an attribute lists them.
//! It knows no policy.

pub(crate) mod entry;
pub(crate) mod expression;
pub(crate) mod list;
mod nameless;
mod numbers;
mod pattern;
pub(crate) mod receiver;
mod rest;
pub(crate) mod scope;
pub(crate) mod shared;
pub(crate) mod stage;
pub(crate) mod table;
mod unknown;
pub(crate) mod value;
pub(crate) mod values;
mod words;
