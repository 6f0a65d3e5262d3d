//! The name of a shared thing, and its key if it is one of many with that name. A refusal carries
//! both without an allocation.

use std::{
    borrow::Cow,
    fmt,
    ops::Deref,
    // The standard library's `Arc` does, because the text never changes, so there is nothing to
    // model.
    sync::Arc,
};

use super::kept_names;

/// A name that is cheap to clone: a constant, a computed text that lives as long as the process, or
/// text that the thing and its errors share.
///
/// `U` is what a policy keeps beside the key of a thing.
pub(crate) enum Name<U = ()> {
    Static(&'static str),
    Kept(&'static str),
    Shared(Arc<str>),
    Keyed(Arc<KeyedName<U>>),
}

/// The name of a thing that has a key, and the use of the thing.
///
/// Both stand together behind one pointer, so that things without a key do not carry them.
pub(crate) struct KeyedName<U> {
    name: Name<U>,
    key: Arc<str>,
    pub(crate) usage: U,
}

impl<U> Name<U> {
    /// The name of the thing of that key, among the things of this name.
    pub(crate) fn with_key(&self, key: Arc<str>, usage: U) -> Self {
        Self::Keyed(Arc::new(KeyedName {
            name: self.clone(),
            key,
            usage,
        }))
    }

    /// The same name, as it is carried the fastest. The first computed names of a process are kept
    /// until it ends.
    pub(crate) fn kept(self) -> Self {
        match self {
            Self::Shared(text) => match kept_names::keep(&text) {
                Some(kept) => Self::Kept(kept),
                None => Self::Shared(text),
            },
            name => name,
        }
    }

    /// True for a name that is written in the program. A program has a limited number of those.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(self, Self::Static(_))
    }

    pub(crate) fn key(&self) -> Option<&str> {
        self.keyed().map(|keyed| &*keyed.key)
    }

    pub(crate) fn keyed(&self) -> Option<&KeyedName<U>> {
        match self {
            Self::Static(_) | Self::Kept(_) | Self::Shared(_) => None,
            Self::Keyed(keyed) => Some(keyed),
        }
    }
}

impl<U> Clone for Name<U> {
    fn clone(&self) -> Self {
        match self {
            Self::Static(name) => Self::Static(name),
            Self::Kept(name) => Self::Kept(name),
            Self::Shared(name) => Self::Shared(Arc::clone(name)),
            Self::Keyed(keyed) => Self::Keyed(Arc::clone(keyed)),
        }
    }
}

impl<U> From<Cow<'static, str>> for Name<U> {
    fn from(name: Cow<'static, str>) -> Self {
        match name {
            Cow::Borrowed(name) => Self::Static(name),
            Cow::Owned(name) => Self::Shared(name.into()),
        }
    }
}

impl<U> Deref for Name<U> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Static(name) | Self::Kept(name) => name,
            Self::Shared(name) => name,
            Self::Keyed(keyed) => &keyed.name,
        }
    }
}

// Names are compared and shown by their texts alone, because the place of a text is no part of a
// name.
impl<U> PartialEq for Name<U> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other && self.key() == other.key()
    }
}

impl<U> Eq for Name<U> {}

impl<U> fmt::Debug for Name<U> {
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
        let constant = Name::<()>::from(Cow::Borrowed("jira"));
        let computed = Name::from(Cow::Owned(String::from("jira")));
        assert_eq!(constant, computed);
        let kept = Name::<()>::from(Cow::Owned(String::from("jira"))).kept();
        assert!(matches!(kept, Name::Kept("jira")));
        assert_eq!(constant, kept);
        assert!(!kept.is_constant(), "the registry counts it");
        assert_eq!(format!("{computed:?}"), "\"jira\"");
    }

    #[test]
    fn a_key_is_part_of_the_name_and_not_of_its_text() {
        let name = Name::<()>::Static("search");
        let [one, two] = ["one", "two"].map(|key| name.with_key(key.into(), ()));
        assert_eq!((&*one, one.key()), ("search", Some("one")));
        assert_eq!(one, name.with_key("one".into(), ()));
        assert_ne!(one, two);
        assert_ne!(one, name);
        assert_eq!(name.key(), None);
        assert_eq!(format!("{one:?}"), "(\"search\", \"one\")");
    }
}
