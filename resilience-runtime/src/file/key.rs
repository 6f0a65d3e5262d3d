//! A key of a section, and the reading of its value.

use std::fmt;
use std::time::Duration;

use super::shared::rules::{CountRule, NumberRule, Rules, Written, WrittenNumber};

/// The keys of a policy. `resilience_macros::file_keys!` writes them from the options of its
/// attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    pub(crate) keys: &'static [Key],
    /// The names that other libraries have, each with ours.
    pub(crate) foreign: &'static [(&'static str, &'static str)],
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// The option of the attribute as a person would write it. A file has it with quotation marks
    /// where the value is no number and no flag.
    pub(crate) example: &'static str,
    pub(crate) kind: Kind,
}

/// The kind of value that a key takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A whole number.
    Count(CountRule<'static>),
    /// A duration. Zero is an error if there is something to write instead of it.
    Time(Option<&'static str>),
    /// A duration above zero, or one of these words.
    TimeOr(&'static [&'static str]),
    /// Any other number.
    Number(NumberRule),
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A value with rules of its own.
    Own(fn(&Rules<'_>, Written<'_>) -> Result<Value, String>),
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Count(u32),
    Time(Duration),
    Number(f64),
    Flag(bool),
    Word(&'static str),
    Text(String),
}

/// The value, spelled as in the attribute.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Time(Duration::MAX) => f.write_str("Duration::MAX"),
            Self::Time(time) => write!(f, "{time:?}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Flag(flag) => flag.fmt(f),
            Self::Word(word) => f.write_str(word),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// The key that takes a layer away. Every section of a policy has it.
pub(crate) const ENABLED: Key = Key {
    name: "enabled",
    example: "enabled = false",
    kind: Kind::Flag,
};

/// The key that lets a layer count and report, and refuse nobody.
pub(crate) const ENFORCE: Key = Key {
    name: "enforce",
    example: "enforce = false",
    kind: Kind::Flag,
};

/// The literal of a flag is no number and no text, so it is read apart from the shared rules.
pub(crate) enum Literal<'a> {
    Flag(bool),
    Other(Written<'a>),
}

/// A number as it is written, with its sign. It has no suffix: a time stands in quotation marks.
pub(super) fn written_number(text: &str) -> WrittenNumber<'_> {
    let digits = text.trim_start_matches(['-', '+']);
    WrittenNumber {
        is_negative: text.starts_with('-'),
        digits,
        suffix: "",
        source: digits,
    }
}

impl Key {
    /// Reads the value, or returns the message about it. `shown` is the value as it was written.
    pub(super) fn read(&self, literal: &Literal<'_>, shown: &str) -> Result<Value, String> {
        let example = self.example_in_file();
        let rules = Rules {
            name: self.name,
            example: &example,
            quote: "\"",
        };
        let written = match literal {
            Literal::Flag(_) => Written::Other,
            Literal::Other(written) => *written,
        };
        match self.kind {
            Kind::Count(rule) => rules.count(rule, written).map(Value::Count),
            Kind::Time(instead_of_zero) => time(&rules, instead_of_zero, written),
            Kind::TimeOr(words) => time_or(&rules, words, written),
            Kind::Number(rule) => rules.number(rule, written).map(Value::Number),
            Kind::Flag => match literal {
                Literal::Flag(flag) => Ok(Value::Flag(*flag)),
                Literal::Other(_) => Err(rules.no_flag()),
            },
            Kind::Word(words) => word(&rules, words, literal, shown),
            Kind::Own(read) => read(&rules, written),
        }
    }

    /// The example, with quotation marks around a value that is neither a number nor a flag.
    pub(crate) fn example_in_file(&self) -> String {
        let Some((name, value)) = self.example.split_once(" = ") else {
            return self.example.to_owned();
        };
        match self.kind {
            Kind::Time(_) | Kind::TimeOr(_) | Kind::Word(_) if !value.starts_with('"') => {
                format!("{name} = \"{value}\"")
            }
            _ => self.example.to_owned(),
        }
    }
}

fn time(
    rules: &Rules<'_>,
    instead_of_zero: Option<&str>,
    written: Written<'_>,
) -> Result<Value, String> {
    match written {
        // The descriptions of a stack show a time without end by this name.
        Written::Text("Duration::MAX") => Ok(Value::Time(Duration::MAX)),
        Written::Text(_) | Written::Other => rules.time(instead_of_zero, written).map(Value::Time),
        Written::Whole(_) | Written::Fraction(_) => {
            let message = match rules.time(instead_of_zero, written) {
                Err(message) => message,
                // A number has no unit, so it is never a duration.
                Ok(_) => format!(
                    "`{}` takes a duration, as in `{}`",
                    rules.name, rules.example
                ),
            };
            Err(format!("{message}, in quotation marks"))
        }
    }
}

fn time_or(
    rules: &Rules<'_>,
    words: &'static [&'static str],
    written: Written<'_>,
) -> Result<Value, String> {
    let Written::Text(typed) = written else {
        return time(rules, Some(""), written);
    };
    if let Some(word) = words.iter().find(|word| **word == typed) {
        return Ok(Value::Word(word));
    }
    let rest = typed.strip_prefix('p');
    if rest.is_none_or(|rest| rest.parse::<f64>().is_err()) {
        return time(rules, Some(""), written);
    }
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    let (name, words, example) = (rules.name, words.join(", "), rules.example);
    Err(format!(
        "`{typed}` is no {name}: write one of {words}, or a duration, as in `{example}`"
    ))
}

fn word(
    rules: &Rules<'_>,
    words: &'static [&'static str],
    literal: &Literal<'_>,
    shown: &str,
) -> Result<Value, String> {
    let typed = match literal {
        Literal::Flag(true) => "true",
        Literal::Flag(false) => "false",
        Literal::Other(Written::Text(text)) => text,
        Literal::Other(_) => return Err(rules.no_word(words, |word| word, shown)),
    };
    let known = words.iter().find(|word| **word == typed);
    known
        .map(|word| Value::Word(word))
        .ok_or_else(|| rules.other_word(words, |word| word, typed))
}
