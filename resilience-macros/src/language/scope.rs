//! What the value of an option may name.

use super::table::Family;
use crate::item::Function;

#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// Its arguments and generics.
    pub(crate) function: &'a Function,
    /// The configurations of the policies, their setters, and the words of their options.
    pub(crate) family: &'a Family,
}
