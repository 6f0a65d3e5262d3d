//! The name of a circuit, and its key if it is one of many with that name. A refusal carries both
//! without an allocation.

use std::{
    borrow::Cow,
    fmt,
    ops::Deref,
    // The standard library's `Arc` does, because the text never changes, so there is nothing to
    // model.
    sync::Arc,
};

use super::usage::Usage;

/// A name that is cheap to clone: a constant, or text that the circuit and its errors share.
#[derive(Clone)]
pub(crate) enum Name {
    Static(&'static str),
    Shared(Arc<str>),
    Keyed(Arc<KeyedName>),
}

/// The name of a circuit that has a key, and how far the circuit is in use.
///
/// Both stand together behind one pointer, so that circuits without a key do not carry them.
pub(crate) struct KeyedName {
    name: Name,
    key: Arc<str>,
    pub(super) usage: Usage,
}

impl Name {
    /// The name of the circuit of that key, among the circuits of this name.
    pub(super) fn with_key(&self, key: Arc<str>, usage: Usage) -> Self {
        Self::Keyed(Arc::new(KeyedName {
            name: self.clone(),
            key,
            usage,
        }))
    }

    /// True for a name that is written in the program. A program has a limited number of those.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(self, Self::Static(_))
    }

    pub(crate) fn key(&self) -> Option<&str> {
        self.keyed().map(|keyed| &*keyed.key)
    }

    pub(super) fn keyed(&self) -> Option<&KeyedName> {
        match self {
            Self::Static(_) | Self::Shared(_) => None,
            Self::Keyed(keyed) => Some(keyed),
        }
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
            Self::Keyed(keyed) => &keyed.name,
        }
    }
}

// Names are compared and shown by their texts alone, because the place of a text is no part of a
// name.
impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        **self == **other && self.key() == other.key()
    }
}

impl Eq for Name {}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key() {
            None => fmt::Debug::fmt(&**self, f),
            Some(key) => f.debug_tuple("").field(&&**self).field(&key).finish(),
        }
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

    #[test]
    fn a_key_is_part_of_the_name_and_not_of_its_text() {
        let name = Name::Static("search");
        let [one, two] = ["one", "two"].map(|key| name.with_key(key.into(), Usage::default()));
        assert_eq!((&*one, one.key()), ("search", Some("one")));
        assert_eq!(one, name.with_key("one".into(), Usage::default()));
        assert_ne!(one, two);
        assert_ne!(one, name);
        assert_eq!(name.key(), None);
        assert_eq!(format!("{one:?}"), "(\"search\", \"one\")");
    }
}
