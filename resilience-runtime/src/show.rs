//! How an error of any type is shown in a log line: by `Display`, else by `Debug`, else by the name of its type.
//!
//! A policy puts no bound on the error type, so the choice is made where the type is known, in the expansion, by method
//! lookup: `Show::of(&error).__shown()` finds the first of three methods of that name whose bound holds, each one
//! dereference further away, and gets from it a function that is compiled once for each type of error. They are inherent
//! methods, so no trait has to be in scope, and none of the user's own blanket traits can come in between.

use core::fmt::{self, Debug, Display, Write};
use core::marker::PhantomData;
use core::ops::Deref;

/// A value that knows how to print itself safely: control characters are escaped while they are written, so that an
/// error text from outside cannot forge a second log line or drive the reader's terminal.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    /// By its `Display`.
    Display(&'a dyn Display),
    /// By its `Debug`.
    Debug(&'a dyn Debug),
    /// By the name of its type: it promises neither.
    TypeName(&'static str),
}

impl Shown<'_> {
    /// Shows only which type the value has.
    pub fn type_name<E>(_: &E) -> Shown<'_> {
        Shown::TypeName(core::any::type_name::<E>())
    }
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Display(value) => write!(Escaping(f), "{value}"),
            Self::Debug(value) => write!(Escaping(f), "{value:?}"),
            Self::TypeName(name) => f.write_str(name),
        }
    }
}

impl Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Passes text on, in runs as long as possible, and escapes what is not text.
struct Escaping<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, control)) = rest.char_indices().find(|(_, c)| breaks_a_line(*c)) {
            self.0.write_str(&rest[..at])?;
            write!(self.0, "{}", control.escape_debug())?;
            rest = &rest[at + control.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

/// Control characters, and the two separators that Unicode adds to them: some viewers start a line there too.
fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The entry of the lookup: answers for what is `Display`.
#[derive(Debug)]
pub struct Show<E>(ShowDebug<E>);

/// The second step: answers for what is `Debug`.
#[derive(Debug)]
pub struct ShowDebug<E>(ShowTypeName<E>);

/// The last step: answers for everything.
#[derive(Debug)]
pub struct ShowTypeName<E>(PhantomData<E>);

impl<E> Show<E> {
    /// Takes the error's type for the lookup.
    #[inline]
    pub fn of(_: &E) -> Self {
        Self(ShowDebug(ShowTypeName(PhantomData)))
    }
}

impl<E> Show<E> {
    /// The same from where it is in.
    #[inline]
    pub fn of_error<T>(_: &Result<T, E>) -> Self {
        Self(ShowDebug(ShowTypeName(PhantomData)))
    }
}

impl<E: Display> Show<E> {
    #[doc(hidden)]
    #[inline]
    pub fn __shown(&self) -> fn(&E) -> Shown<'_> {
        |error| Shown::Display(error)
    }
}

impl<E: Debug> ShowDebug<E> {
    #[doc(hidden)]
    #[inline]
    #[expect(clippy::unused_self, reason = "its type is what is looked up")]
    pub fn __shown(&self) -> fn(&E) -> Shown<'_> {
        |error| Shown::Debug(error)
    }
}

impl<E> ShowTypeName<E> {
    #[doc(hidden)]
    #[inline]
    #[expect(clippy::unused_self, reason = "its type is what is looked up")]
    pub fn __shown(&self) -> fn(&E) -> Shown<'_> {
        Shown::type_name
    }
}

impl<E> Deref for Show<E> {
    type Target = ShowDebug<E>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<E> Deref for ShowDebug<E> {
    type Target = ShowTypeName<E>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;
    use std::rc::Rc;

    /// What the expansion writes at the place where the type is known.
    macro_rules! shown {
        ($error:expr) => {
            Show::of(&$error).__shown()(&$error).to_string()
        };
    }

    #[derive(Debug)]
    struct Both;

    impl Display for Both {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("both, displayed")
        }
    }

    impl Error for Both {}

    #[derive(Debug)]
    struct OnlyDebug {
        #[expect(dead_code, reason = "read by Debug")]
        code: u16,
    }

    struct Neither;

    #[test]
    fn display_is_preferred() {
        assert_eq!(shown!(Both), "both, displayed");
        assert_eq!(shown!(String::from("text")), "text");
        assert_eq!(shown!("text"), "text");
        assert_eq!(shown!(&&Both), "both, displayed");
    }

    #[test]
    fn debug_comes_second() {
        assert_eq!(shown!(OnlyDebug { code: 503 }), "OnlyDebug { code: 503 }");
        assert_eq!(shown!(()), "()");
        assert_eq!(shown!(Some("text")), "Some(\"text\")");
    }

    #[test]
    fn the_type_name_comes_last() {
        assert_eq!(shown!(Neither), core::any::type_name::<Neither>());
        // A bound that fails deeper inside the type falls through as well.
        assert_eq!(
            shown!(Some(Neither)),
            core::any::type_name::<Option<Neither>>()
        );
    }

    #[test]
    fn errors_behind_dyn_are_displayed() {
        let boxed: Box<dyn Error> = Box::new(Both);
        let sendable: Box<dyn Error + Send + Sync> = Box::new(Both);
        let counted: Rc<dyn Error> = Rc::new(Both);
        assert_eq!(shown!(boxed), "both, displayed");
        assert_eq!(shown!(sendable), "both, displayed");
        assert_eq!(shown!(counted), "both, displayed");
    }

    fn generic<E>(error: &E) -> String {
        shown!(*error)
    }

    fn generic_debug<E: Debug>(error: &E) -> String {
        shown!(*error)
    }

    fn generic_display<E>(error: &E) -> String
    where
        E: Display,
    {
        shown!(*error)
    }

    fn generic_error<E: Error>(error: &E) -> String {
        shown!(*error)
    }

    #[test]
    fn a_generic_error_is_shown_by_what_its_bounds_promise() {
        assert_eq!(generic(&Both), core::any::type_name::<Both>());
        assert_eq!(generic_debug(&Both), "Both");
        assert_eq!(generic_display(&Both), "both, displayed");
        assert_eq!(generic_error(&Both), "both, displayed");
    }

    #[test]
    fn a_borrowing_error_is_shown() {
        let text = String::from("borrowed");
        let error: &str = &text;
        assert_eq!(shown!(error), "borrowed");
    }

    #[test]
    fn the_lookup_works_through_a_closure_as_the_expansion_passes_it() {
        fn show_with<E>(error: &E, show: impl FnOnce(&E) -> Shown<'_>) -> String {
            show(error).to_string()
        }
        assert_eq!(
            show_with(&Both, |error| Show::of(error).__shown()(error)),
            "both, displayed"
        );
    }

    #[test]
    fn the_users_own_blanket_trait_does_not_come_in_between() {
        trait Blanket {
            fn __shown(&self) -> u8 {
                0
            }
        }
        impl<T: ?Sized> Blanket for T {}
        assert_eq!(shown!(Both), "both, displayed");
        assert_eq!(Blanket::__shown(&Both), 0);
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            shown!("line\nERROR forged\r\t\x1b[2J\0\u{85}\u{2028}end"),
            r"line\nERROR forged\r\t\u{1b}[2J\0\u{85}\u{2028}end"
        );
        assert_eq!(shown!("\n"), r"\n");
        assert_eq!(shown!(""), "");
    }

    #[test]
    fn text_is_left_as_it_is() {
        let text = "naïve \"quoted\" C:\\path 日本語 🦀";
        assert_eq!(shown!(text), text);
    }

    #[test]
    fn a_debug_text_cannot_forge_a_line_either() {
        struct Hostile;
        impl Debug for Hostile {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a\nb")
            }
        }
        assert_eq!(shown!(Hostile), r"a\nb");
    }
}
