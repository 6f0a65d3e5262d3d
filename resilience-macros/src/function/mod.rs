//! The annotated function, as it is written. It knows no policy.

pub(crate) mod bounds;
pub(crate) mod form;
pub(crate) mod held_arguments;
pub(crate) mod item;
pub(crate) mod lending;
pub(crate) mod parameter;
pub(crate) mod pattern;
pub(crate) mod returned_borrow;
pub(crate) mod shared_arguments;
pub(crate) mod tokens;
pub(crate) mod types;
pub(crate) mod used_arguments;
