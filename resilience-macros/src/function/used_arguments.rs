//! The arguments that a policy uses after the function has run, and the words in which it says so.

use proc_macro2::{Ident, TokenStream};

use super::tokens::names;

/// The arguments that are used after the body has run.
#[derive(Clone, Default)]
pub(crate) enum UsedArguments {
    #[default]
    None,
    /// All that the function has.
    All,
    /// Those that these expressions name.
    In(TokenStream),
}

impl UsedArguments {
    /// True if the argument of that name is one of them.
    pub(crate) fn has(&self, name: &Ident) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::In(expressions) => names(expressions.clone(), &name.to_string()),
        }
    }
}

/// The words of a policy that needs arguments after the function has run, for messages.
pub(crate) struct NeedWords {
    /// The thing that needs the argument.
    pub(crate) user: &'static str,
    /// The reason why a function's own future runs inside of the policy's.
    pub(crate) runs_inside: &'static str,
    /// The function to call before a reference is taken.
    pub(crate) call_first: &'static str,
    /// The way out for a function that returns a future.
    pub(crate) instead: &'static str,
}
