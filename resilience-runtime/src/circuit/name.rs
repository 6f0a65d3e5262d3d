//! The name of a circuit. A refusal carries it without an allocation.

use std::{
    borrow::Cow,
    fmt,
    ops::Deref,
    // The standard library's `Arc` does, because the text never changes, so there is nothing to
    // model.
    sync::Arc,
};

/// A name that is cheap to clone: a constant, or text that the circuit and its errors share.
#[derive(Clone)]
pub(crate) enum Name {
    Static(&'static str),
    Shared(Arc<str>),
}

impl Name {
    /// True for a name that is written in the program. A program has a limited number of those.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(self, Self::Static(_))
    }
}

impl From<Cow<'static, str>> for Name {
    fn from(name: Cow<'static, str>) -> Self {
        match name {
            Cow::Borrowed(name) => Self::Static(name),
            Cow::Owned(name) => Self::Shared(name.into()),
        }
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Static(name) => name,
            Self::Shared(name) => name,
        }
    }
}

// Names are compared and shown by their text alone, because the place of the text is no part of a
// name.
impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Name {}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_and_computed_names_are_the_same() {
        let constant = Name::from(Cow::Borrowed("jira"));
        let computed = Name::from(Cow::Owned(String::from("jira")));
        assert_eq!(constant, computed);
        assert_eq!(format!("{computed:?}"), "\"jira\"");
    }
}
