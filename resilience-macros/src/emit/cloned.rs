//! The arguments that are cloned for each attempt.

use proc_macro2::{Ident, TokenStream};

/// An argument that is cloned before each attempt that another one may follow.
#[derive(Clone)]
pub(crate) struct Cloned {
    /// The argument's name, at the place where an error about its type belongs.
    pub(crate) name: Ident,
    /// The attributes that say whether the argument exists at all.
    pub(crate) cfg: TokenStream,
    /// A filter or a hook looks at the argument after the attempt, so that the last attempt gets a
    /// clone, too.
    pub(crate) is_read_later: bool,
    /// `clone(…)` names the argument, so that it must be `Clone`.
    pub(crate) is_named: bool,
    /// The argument is converted into this type in front of the first attempt, because nothing else
    /// is known of its own type.
    pub(crate) becomes: Option<TokenStream>,
}
