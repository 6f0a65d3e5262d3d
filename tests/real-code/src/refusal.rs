//! An error of the compiler at an annotated function: its kind, and how well it is said.

use std::fmt;

use crate::{cargo::Diagnostic, functions::Function, variant::Place};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    OurWords,
    Moved,
    /// A `&mut` reference was moved. Each attempt is lent a `&mut` argument, so that these are
    /// `self` and its fields: no other variable can have the name `self`.
    MovedReference,
    NotClone,
    Borrow,
    Lifetime,
    NotSend,
    Other,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::OurWords,
        Self::Moved,
        Self::MovedReference,
        Self::NotClone,
        Self::Borrow,
        Self::Lifetime,
        Self::NotSend,
        Self::Other,
    ];

    fn of(error: &Diagnostic) -> Self {
        let code = error.code.as_ref().map_or("", |code| code.code.as_str());
        let message = error.message.as_str();
        if message.contains("cannot be cloned") {
            return Self::NotClone;
        }
        let ours = ["#[retry", "#[circuit_breaker", "#[timeout", "resilience"];
        if ours.iter().any(|word| message.contains(word)) {
            return Self::OurWords;
        }
        match code {
            "E0382" | "E0505" | "E0507" | "E0508" | "E0509" => match moved_type(error) {
                Some(ty) if ty.starts_with("&mut ") || ty.starts_with("Pin<&mut ") => {
                    Self::MovedReference
                }
                _ => Self::Moved,
            },
            "E0277" | "E0599" if message.contains("Clone") => Self::NotClone,
            "E0277" if message.contains("Send") => Self::NotSend,
            "E0373" | "E0499" | "E0501" | "E0502" | "E0503" | "E0506" | "E0515" | "E0521"
            | "E0524" | "E0597" | "E0716" => Self::Borrow,
            "E0309" | "E0310" | "E0311" | "E0621" | "E0623" | "E0700" => Self::Lifetime,
            "" if message.contains("lifetime") => Self::Lifetime,
            "" if message.contains("escape") => Self::Borrow,
            "" if message.contains("between threads") => Self::NotSend,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::OurWords => "in our words",
            Self::Moved => "argument moved",
            Self::MovedReference => "`&mut` reference moved",
            Self::NotClone => "not Clone",
            Self::Borrow => "borrow",
            Self::Lifetime => "lifetime",
            Self::NotSend => "not Send",
            Self::Other => "other",
        })
    }
}

/// The first error that a function was refused with.
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    /// The compiler's code, or nothing.
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) rendered: String,
    /// One of the function's errors is in the compiler's words and has its caret under an
    /// attribute.
    pub(crate) caret_at_attribute: bool,
    /// The error mentions an argument by its name.
    pub(crate) names_argument: bool,
    /// The type of the value that was moved, as rustc says it.
    pub(crate) moved_type: Option<String>,
}

impl Refusal {
    /// An argument was moved, and the error does not say which one.
    pub(crate) fn hides_argument(&self) -> bool {
        matches!(self.kind, Kind::Moved | Kind::MovedReference) && !self.names_argument
    }

    pub(crate) fn new(error: &Diagnostic, function: &Function, place: &Place, file: &str) -> Self {
        let kind = Kind::of(error);
        let caret_at_attribute = error.spans.iter().any(|span| {
            span.is_primary
                && span.file_name == file
                && span.byte_start < place.attributes.end
                && span.byte_end > place.attributes.start
        });
        Self {
            kind,
            code: error
                .code
                .as_ref()
                .map_or_else(String::new, |code| code.code.clone()),
            message: error.message.clone(),
            rendered: error.rendered.clone().unwrap_or_default(),
            caret_at_attribute: caret_at_attribute && kind != Kind::OurWords,
            names_argument: error
                .texts()
                .any(|text| names_one_of(text, &function.arguments)),
            moved_type: moved_type(error).map(str::to_owned),
        }
    }

    /// Adds an error of the same function.
    pub(crate) fn add(&mut self, other: &Self) {
        self.caret_at_attribute |= other.caret_at_attribute;
    }
}

/// The type in "move occurs because `text` has type `String`, which does not …".
fn moved_type(error: &Diagnostic) -> Option<&str> {
    error.texts().find_map(|text| {
        let reason = text.strip_prefix("move occurs because ")?;
        let (_, ty) = reason.split_once(" has type `")?;
        ty.split('`').next()
    })
}

/// True if the text has one of the names in backticks, alone or in an expression.
fn names_one_of(text: &str, names: &[String]) -> bool {
    let quoted = text.split('`').skip(1).step_by(2);
    let mut words =
        quoted.flat_map(|code| code.split(|c: char| !(c.is_alphanumeric() || c == '_')));
    words.any(|word| names.iter().any(|name| name == word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, message: &str) -> Diagnostic {
        let text = format!(
            r#"{{"message": "{message}", "code": {{"code": "{code}"}}, "level": "error", "children": [],
            "spans": [{{"file_name": "src/lib.rs", "byte_start": 12, "byte_end": 14, "is_primary": true}}]}}"#
        );
        serde_json::from_str(&text).expect("a diagnostic")
    }

    #[test]
    fn errors_are_sorted_by_their_code_and_by_our_words_first() {
        let kind = |code, message| Kind::of(&error(code, message));
        assert!(kind("E0382", "use of moved value: `text`") == Kind::Moved);
        assert!(
            kind(
                "E0277",
                "an argument of type `T` cannot be cloned for another attempt"
            ) == Kind::NotClone
        );
        assert!(kind("E0277", "under `#[retry]` `T` must be Clone") == Kind::OurWords);
        assert!(kind("", "lifetime may not live long enough") == Kind::Lifetime);
        assert!(kind("", "future cannot be sent between threads safely") == Kind::NotSend);
        assert!(kind("E0308", "mismatched types") == Kind::Other);
    }

    #[test]
    fn a_name_counts_in_backticks_only_and_as_a_whole_word() {
        let names = ["text".to_owned()];
        assert!(names_one_of("use of moved value: `*text.0`", &names));
        assert!(!names_one_of(
            "move occurs because text has type `Context`",
            &names
        ));
    }

    #[test]
    fn the_type_of_a_moved_value_is_read_from_rustcs_label() {
        let label = "move occurs because `log` has type `&mut Log`, which is not `Copy`";
        let moved = error("E0382", label);
        assert_eq!(moved_type(&moved), Some("&mut Log"));
        assert!(Kind::of(&moved) == Kind::MovedReference);
        assert_eq!(moved_type(&error("E0382", "value moved here")), None);
    }

    #[test]
    fn a_caret_counts_where_it_touches_the_attributes() {
        let refusal = |start, end| {
            let place = Place {
                function: 0,
                attributes: start..end,
                whole: 0..100,
            };
            let function = Function {
                name: "f".to_owned(),
                line: 1,
                bytes: 0..50,
                is_async: false,
                arguments: Vec::new(),
            };
            let error = error("E0382", "use of moved value");
            Refusal::new(&error, &function, &place, "src/lib.rs").caret_at_attribute
        };
        assert!(refusal(0, 13));
        assert!(!refusal(0, 12));
    }
}
