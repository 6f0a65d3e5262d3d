//! Options as they were written, before anything is known of their values.

use syn::{Expr, Ident, Pat};

use super::table::OptionSpec;

/// One option, as written.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    pub(crate) spec: &'static OptionSpec,
    pub(crate) value: EntryValue,
}

pub(crate) enum EntryValue {
    /// `name = value`
    Value(Expr),
    /// `name(pattern if guard)`
    Pattern(Filter),
    /// `name(argument, argument)`
    Arguments(Arguments),
}

/// Arguments of the annotated function.
pub(crate) enum Arguments {
    /// `..`
    All,
    Named(Vec<Ident>),
}

/// A pattern to be matched against `&E`.
pub(crate) struct Filter {
    pub(crate) pattern: Pat,
    pub(crate) guard: Option<Expr>,
}
