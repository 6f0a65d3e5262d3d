//! The names that the value of an option may use.

use super::table::Family;
use crate::function::item::Function;

#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The function, for its arguments and generics.
    pub(crate) function: &'a Function,
    /// The policies, for their configurations, the setters of these, and the words of their
    /// options.
    pub(crate) family: &'a Family,
}
