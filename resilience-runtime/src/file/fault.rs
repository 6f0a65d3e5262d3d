//! A fault of a configuration with its place, and the report of all faults.

use std::{error::Error, fmt, ops::Range, sync::Arc};

use crate::settings::Source;

/// The text of a configuration, with the name that the faults call it by.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) text: String,
    /// True for the environment variable.
    pub(crate) is_environment: bool,
}

/// The place of a value.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) document: Arc<Document>,
    pub(crate) span: Range<usize>,
}

impl Place {
    /// The line and the column, both from 1. Columns are characters.
    fn line_and_column(&self) -> (u32, u32) {
        let text = &self.document.text;
        let start = floor(text, self.span.start);
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (number(line), number(column))
    }

    pub(crate) fn source(&self) -> Source {
        if self.document.is_environment {
            return Source::Environment;
        }
        Source::File {
            path: self.document.name.clone(),
            line: self.line_and_column().0,
        }
    }

    pub(super) fn text_of_line(&self) -> &str {
        self.line().0
    }

    /// The line of the text, and how many of its characters the place has.
    fn line(&self) -> (&str, usize) {
        let text = &self.document.text;
        let start = floor(text, self.span.start);
        let end = floor(text, self.span.end).max(start);
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let to = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = text[from..to].trim_end_matches('\r');
        let width = text[start..end.min(to)].chars().count().max(1);
        (line, width)
    }
}

/// The nearest boundary of a character that is not behind `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// One fault of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigFault {
    /// The path of the file as it was given, `RESILIENCE_OVERRIDES` for the environment variable,
    /// and `apply` for a text that is no file.
    pub file: String,
    /// The line, from 1. It is 0 for a fault of the whole file, such as a file that is missing.
    pub line: u32,
    /// The column in characters, from 1. It is 0 for a fault of the whole file.
    pub column: u32,
    /// The section, the name and the key that the fault is in, as far as the fault is in one:
    /// `retry.jira.max_retries`.
    pub setting: String,
    /// The value, the rule that it breaks, and something to write instead, in the words of the
    /// attributes' compile errors.
    pub message: String,
    /// The name that was probably meant by a misspelt one.
    pub nearest: Option<String>,
    /// The line of the text, and the number of characters below which the report draws carets.
    excerpt: Option<(String, usize)>,
}

impl ConfigFault {
    /// A fault of the whole file.
    pub(crate) fn of_file(file: &str, message: String) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            setting: String::new(),
            message,
            nearest: None,
            excerpt: None,
        }
    }

    /// A fault at a place of the text.
    pub(crate) fn at(place: &Place, setting: String, message: String) -> Self {
        let (line, column) = place.line_and_column();
        let (excerpt, width) = place.line();
        Self {
            file: place.document.name.clone(),
            line,
            column,
            setting,
            message,
            nearest: None,
            excerpt: Some((excerpt.to_owned(), width)),
        }
    }

    pub(crate) fn near(mut self, nearest: Option<&str>) -> Self {
        self.nearest = nearest.map(str::to_owned);
        self
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
            ..
        } = self;
        write!(f, "error: {message}")?;
        let Some((text, width)) = &self.excerpt else {
            return write!(f, "\n --> {file}");
        };
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        // A tab in front of the place takes as many columns in the line of the carets.
        let before = text.chars().take(*column as usize - 1);
        let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let carets = "^".repeat(*width);
        write!(
            f,
            "\n{margin}--> {file}:{line}:{column}\n{margin} |\n{number} | {text}\n{margin} | {indent}{carets}"
        )
    }
}

/// All faults of a configuration. Nothing of it was applied.
///
/// `Display` shows each fault as the compiler shows an error: the message, the place, the line, and
/// carets below the value.
///
/// ```
/// let errors = resilience::config::apply("[retry.jira]\nmax_attempts = 0").unwrap_err();
/// assert_eq!(
///     errors.to_string(),
///     "error: `max_attempts` must be at least 1, not 0: it counts the first call too, so 1 never \
///      retries; write it as in `max_attempts = 4`\n \
///      --> apply:2:16\n  \
///      |\n\
///      2 | max_attempts = 0\n  \
///      |                ^"
/// );
/// assert_eq!(errors.faults()[0].setting, "retry.jira.max_attempts");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    faults: Vec<ConfigFault>,
}

impl ConfigErrors {
    /// The faults, in the order of their places.
    pub fn faults(&self) -> &[ConfigFault] {
        &self.faults
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            if at > 0 {
                f.write_str("\n\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for ConfigErrors {}

/// The faults that were found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<ConfigFault>);

impl Faults {
    pub(crate) fn push(&mut self, fault: ConfigFault) {
        self.0.push(fault);
    }

    /// Returns the faults as an error, if there are any.
    pub(crate) fn into_result(mut self) -> Result<(), ConfigErrors> {
        if self.0.is_empty() {
            return Ok(());
        }
        let place = |fault: &ConfigFault| (fault.file.clone(), fault.line, fault.column);
        self.0.sort_by_key(place);
        // A section of a default meets several functions, and its fault is one.
        self.0.dedup();
        Err(ConfigErrors { faults: self.0 })
    }
}

impl From<ConfigFault> for ConfigErrors {
    fn from(fault: ConfigFault) -> Self {
        Self {
            faults: vec![fault],
        }
    }
}
