//! The text of a key.

use std::{
    borrow::Cow,
    fmt::{self, Display, Write},
    ops::Deref,
    rc::Rc,
    sync::Arc,
};

/// A longer text shares the overflow value.
const LONGEST: usize = 1024;

/// A key as the caller has it.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum KeyText<'k> {
    Text(&'k str),
    Display(&'k dyn Display),
}

impl fmt::Debug for KeyText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => fmt::Debug::fmt(text, f),
            Self::Display(key) => write!(f, "{key}"),
        }
    }
}

/// Finds out by method lookup if a key is a string, because the text of a string is there already.
///
/// `Key::of(&key).__text()` finds the method of the standard library's strings first, and behind
/// one dereference that of every other type. The methods are inherent, so that a blanket trait of
/// the user's cannot come in between.
#[doc(hidden)]
pub struct Key<'k, K: ?Sized>(DisplayKey<'k, K>);

#[doc(hidden)]
pub struct DisplayKey<'k, K: ?Sized>(&'k K);

impl<'k, K: ?Sized> Key<'k, K> {
    #[inline]
    pub fn of(key: &'k K) -> Self {
        Self(DisplayKey(key))
    }
}

impl<'k, K: ?Sized> Deref for Key<'k, K> {
    type Target = DisplayKey<'k, K>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: StringKey + ?Sized> Key<'_, K> {
    #[inline]
    pub fn __text(&self) -> KeyText<'_> {
        KeyText::Text(self.0.0.text())
    }
}

impl<K: ?Sized> DisplayKey<'_, K> {
    // The bound stands here and not on the implementation, because rustc then says that the key has
    // no `Display`, and not that there is no such method.
    pub fn __text(&self) -> KeyText<'_>
    where
        K: Display,
    {
        KeyText::Display(&self.0)
    }
}

/// The strings of the standard library, and references to them.
#[doc(hidden)]
pub trait StringKey {
    fn text(&self) -> &str;
}

impl<S: StringKey + ?Sized> StringKey for &S {
    #[inline]
    fn text(&self) -> &str {
        (**self).text()
    }
}

macro_rules! strings {
    ($($ty:ty)*) => {$(
        impl StringKey for $ty {
            #[inline]
            fn text(&self) -> &str {
                self
            }
        }
    )*};
}

strings!(str &mut str String &mut String Cow<'_, str> Box<str> Arc<str> Rc<str>);

impl<K: ?Sized> fmt::Debug for Key<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

impl<K: ?Sized> fmt::Debug for DisplayKey<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisplayKey").finish_non_exhaustive()
    }
}

/// The beginning of a key's text, and if that is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt<'k> {
    pub(crate) text: &'k str,
    pub(crate) is_whole: bool,
}

impl<'k> KeyText<'k> {
    /// The text, if it is there already and not too long.
    #[inline]
    pub(crate) fn as_short_text(self) -> Option<&'k str> {
        match self {
            Self::Text(text) if text.len() <= LONGEST => Some(text),
            _ => None,
        }
    }

    /// Hands the text to `use_it`. The text of a key that is no string is written to the stack.
    pub(crate) fn read<R>(self, use_it: impl FnOnce(Excerpt<'_>) -> R) -> R {
        match self {
            Self::Text(text) if text.len() <= LONGEST => use_it(Excerpt {
                text,
                is_whole: true,
            }),
            Self::Text(text) => use_it(Excerpt {
                text: &text[..floor_char_boundary(text, LONGEST)],
                is_whole: false,
            }),
            Self::Display(key) => {
                let mut buffer = Buffer::new();
                // A `Display` that fails has the text that it has written until then.
                let _ = write!(buffer, "{key}");
                use_it(buffer.excerpt())
            }
        }
    }
}

fn floor_char_boundary(text: &str, mut end: usize) -> usize {
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// Keeps the beginning of a text that is written in parts.
struct Buffer {
    bytes: [u8; LONGEST],
    length: usize,
    is_whole: bool,
}

impl Buffer {
    fn new() -> Self {
        Self {
            bytes: [0; LONGEST],
            length: 0,
            is_whole: true,
        }
    }

    fn excerpt(&self) -> Excerpt<'_> {
        let bytes = &self.bytes[..self.length];
        Excerpt {
            // It is UTF-8, because it was copied from strings as far as a character boundary.
            text: std::str::from_utf8(bytes).unwrap_or_default(),
            is_whole: self.is_whole,
        }
    }
}

impl Write for Buffer {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if !self.is_whole {
            return Ok(());
        }
        let room = LONGEST - self.length;
        let end = floor_char_boundary(part, part.len().min(room));
        self.bytes[self.length..self.length + end].copy_from_slice(&part.as_bytes()[..end]);
        self.length += end;
        self.is_whole = end == part.len();
        // The rest is not refused, because a `Display` may panic where it cannot write.
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(key: KeyText<'_>) -> (String, bool) {
        key.read(|Excerpt { text, is_whole }| (text.to_owned(), is_whole))
    }

    #[track_caller]
    fn assert_is_taken(key: KeyText<'_>) {
        assert!(matches!(key, KeyText::Text("key")), "{key:?}");
    }

    #[test]
    fn strings_are_taken_as_they_are_and_other_keys_by_their_display() {
        let arc: Arc<str> = Arc::from("key");
        assert_is_taken(Key::of("key").__text());
        assert_is_taken(Key::of(&"key").__text());
        assert_is_taken(Key::of(&&"key").__text());
        assert_is_taken(Key::of(&String::from("key")).__text());
        assert_is_taken(Key::of(&&String::from("key")).__text());
        assert_is_taken(Key::of(&&mut String::from("key")).__text());
        assert_is_taken(Key::of(&Box::<str>::from("key")).__text());
        assert_is_taken(Key::of(&Cow::Borrowed("key")).__text());
        assert_is_taken(Key::of(&Cow::<str>::Owned(String::from("key"))).__text());
        assert_is_taken(Key::of(&arc).__text());
        assert_is_taken(Key::of(&Rc::<str>::from("key")).__text());
        let number = Key::of(&7);
        assert!(matches!(number.__text(), KeyText::Display(_)));
        assert_eq!(excerpt(number.__text()), (String::from("7"), true));
        let dynamic: &dyn Display = &"key";
        assert_eq!(
            excerpt(Key::of(dynamic).__text()),
            (String::from("key"), true)
        );
    }

    #[test]
    fn a_generic_key_is_displayed() {
        fn text(key: impl Display) -> (String, bool) {
            excerpt(Key::of(&key).__text())
        }
        assert_eq!(text("key"), (String::from("key"), true));
        assert_eq!(text(1.5), (String::from("1.5"), true));
    }

    #[test]
    fn the_text_of_a_long_key_ends_at_a_character() {
        let key = format!("{}é", "x".repeat(LONGEST - 1));
        let cut = ("x".repeat(LONGEST - 1), false);
        assert_eq!(excerpt(KeyText::Text(&key)), cut);
        assert_eq!(excerpt(KeyText::Display(&key)), cut);
        let longest = "x".repeat(LONGEST);
        assert_eq!(excerpt(KeyText::Text(&longest)), (longest.clone(), true));
        assert_eq!(excerpt(KeyText::Display(&longest)), (longest.clone(), true));
    }

    #[test]
    fn a_display_may_write_in_parts_and_fail() {
        struct InParts(usize, fmt::Result);
        impl Display for InParts {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (0..self.0).try_for_each(|_| f.write_str("four"))?;
                self.1
            }
        }
        let text = |parts, end| excerpt(KeyText::Display(&InParts(parts, end)));
        assert_eq!(text(2, Ok(())), (String::from("fourfour"), true));
        assert_eq!(text(256, Ok(())), ("four".repeat(256), true));
        assert_eq!(text(1_000_000, Ok(())), ("four".repeat(256), false));
        assert_eq!(text(1, Err(fmt::Error)), (String::from("four"), true));
    }
}
