//! An error as a log line shows it: by `Display`, or by `Debug` without that, or by the name of its
//! type without both.

use core::fmt::{self, Debug, Display, Write};

/// A value that is printed safely: control characters are escaped while they are written, so that
/// an error text from outside cannot forge a second log line or drive the reader's terminal.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    /// The value is shown by its `Display`.
    Display(&'a dyn Display),
    /// The value is shown by its `Debug`.
    Debug(&'a dyn Debug),
    /// The value is shown by the name of its type, because the type has neither.
    TypeName(&'static str),
}

impl Shown<'_> {
    /// Shows only the type of the value.
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

/// The longest text of an error in events and statistics, in bytes.
const EXCERPT: usize = 256;

/// The text of an error as events and statistics keep it: escaped, and cut at 256 bytes.
pub(crate) fn excerpt(error: Shown<'_>) -> String {
    let mut excerpt = Excerpt(String::new());
    // An error whose `Display` fails has the text that it has written until then.
    let _ = write!(excerpt, "{error}");
    excerpt.0
}

/// Keeps the beginning of a text.
struct Excerpt(String);

impl Write for Excerpt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut end = text.len().min(EXCERPT - self.0.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.0.push_str(&text[..end]);
        // The rest is not refused, because an error's `Display` may panic where it cannot write.
        Ok(())
    }
}

/// The longest text of a key in a log line, in bytes.
const LONGEST_KEY: usize = 128;

/// The key of a circuit as a log line shows it: escaped, and cut at 128 bytes.
#[derive(Clone, Copy)]
pub(crate) struct ShownKey<'a>(pub(crate) &'a str);

impl Display for ShownKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut length = 0;
        for character in self.0.chars() {
            let escaped = breaks_a_line(character).then(|| character.escape_debug().to_string());
            let mut buffer = [0; 4];
            let shown = escaped
                .as_deref()
                .unwrap_or_else(|| character.encode_utf8(&mut buffer));
            length += shown.len();
            if length > LONGEST_KEY {
                break;
            }
            f.write_str(shown)?;
        }
        Ok(())
    }
}

impl Debug for ShownKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Passes text on, in runs as long as possible, and escapes the characters that are no text.
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

/// True for control characters and for the two separators that Unicode adds, because some viewers
/// start a line there.
fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Shown::Display(&text).to_string()
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            shown("line\nERROR forged\r\t\x1b[2J\0\u{85}\u{2028}end"),
            r"line\nERROR forged\r\t\u{1b}[2J\0\u{85}\u{2028}end"
        );
        assert_eq!(shown("\n"), r"\n");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn text_is_left_as_it_is() {
        let text = "naïve \"quoted\" C:\\path 日本語 🦀";
        assert_eq!(shown(text), text);
    }

    #[test]
    fn an_excerpt_is_escaped_and_ends_at_256_bytes() {
        struct InPieces;
        impl Display for InPieces {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (0..100).try_for_each(|_| f.write_str("four"))
            }
        }
        let excerpt_of = |text: &str| excerpt(Shown::Display(&text));
        assert_eq!(excerpt_of("down\nERROR forged"), r"down\nERROR forged");
        assert_eq!(excerpt_of(&"x".repeat(300)), "x".repeat(256));
        assert_eq!(
            excerpt_of(&format!("{}é", "x".repeat(255))),
            "x".repeat(255),
            "no character is cut in two"
        );
        assert_eq!(excerpt(Shown::Display(&InPieces)), "four".repeat(64));
    }

    #[test]
    fn a_key_is_escaped_and_ends_at_128_bytes() {
        let shown = |key: &str| ShownKey(key).to_string();
        assert_eq!(shown("tenant\nERROR 7"), r"tenant\nERROR 7");
        assert_eq!(shown(&"x".repeat(128)), "x".repeat(128));
        assert_eq!(shown(&"x".repeat(129)), "x".repeat(128));
        let cut = "x".repeat(127);
        assert_eq!(shown(&format!("{}é", "x".repeat(127))), cut);
        assert_eq!(shown(&format!("{}\n", "x".repeat(127))), cut);
    }

    #[test]
    fn a_debug_text_cannot_forge_a_line_either() {
        struct Hostile;
        impl Debug for Hostile {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a\nb")
            }
        }
        assert_eq!(Shown::Debug(&Hostile).to_string(), r"a\nb");
    }
}
