//! Building blocks of the output. They know no policy.

pub(crate) mod answer;
pub(crate) mod argument;
mod call;
pub(crate) mod cloned;
pub(crate) mod code;
pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod description;
mod error;
mod file;
pub(crate) mod filter;
pub(crate) mod function;
pub(crate) mod kept;
pub(crate) mod layered;
pub(crate) mod limiter;
pub(crate) mod marker;
pub(crate) mod operation;
pub(crate) mod operation_plan;
pub(crate) mod plan;
pub(crate) mod properties;
mod result;
mod scope;
pub(crate) mod shared;
pub(crate) mod span;
