//! `#[fallback]`.

mod answers;
mod arguments;
mod filters;
mod stacked;
mod statistics;

use crate::api_error::ApiError;
