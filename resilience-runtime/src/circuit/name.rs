//! A circuit's name, which a refusal must carry without allocating.

use std::{
    borrow::Cow,
    fmt,
    ops::Deref,
    // Not from `crate::sync`: the text is immutable, so there is nothing to model.
    sync::Arc,
};

/// Cheap to clone: a constant, or text shared by the circuit and its errors.
#[derive(Clone)]
pub(crate) enum Name {
    Static(&'static str),
    Shared(Arc<str>),
}

impl Name {
    /// Written in the program, of which there are only so many.
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

// Compared and shown as the text alone: where it is kept is no part of a name.
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
