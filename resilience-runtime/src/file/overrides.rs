//! From the text of the environment variable to its sections:
//! `circuit_breaker.jira.failure_threshold=10; retry."a;b".max_retries=5`.

use std::{ops::Range, sync::Arc};

use super::fault::{ConfigFault, Document, Faults, Place};
use super::key::{Literal, written_number};
use super::parse::{DEFAULT, find_key, no_section};
use super::section::{Entry, Level, SectionKind, SectionSpec, SectionValues};
use super::shared::rules::Written;
use super::values::Values;

/// The name of the environment variable.
pub(crate) const OVERRIDES: &str = "RESILIENCE_OVERRIDES";

/// Adds the values of the variable to those of a file.
pub(crate) fn add_overrides(
    document: &Arc<Document>,
    specs: &'static [&'static SectionSpec],
    values: &mut Values,
    faults: &mut Faults,
) {
    for span in parts(&document.text, 0..document.text.len(), ';') {
        let span = trimmed(&document.text, span);
        if span.is_empty() {
            continue;
        }
        let added = Override::read(document, span).and_then(|one| one.add(specs, values));
        if let Err(fault) = added {
            faults.push(*fault);
        }
    }
}

/// One override, in parts of the text.
struct Override<'a> {
    document: &'a Arc<Document>,
    path: Range<usize>,
    section: Range<usize>,
    /// It is empty for a section without a name.
    name: Range<usize>,
    key: Range<usize>,
    value: Range<usize>,
}

type Found<T> = Result<T, Box<ConfigFault>>;

impl<'a> Override<'a> {
    fn read(document: &'a Arc<Document>, span: Range<usize>) -> Found<Self> {
        let text = &document.text;
        let mut sides = parts(text, span.clone(), '=');
        let left = sides.next().unwrap_or(span.clone());
        let path = trimmed(text, left.clone());
        let dots: Vec<_> = parts(text, path.clone(), '.').collect();
        let ([section, between @ .., key], true) = (dots.as_slice(), left.end < span.end) else {
            let place = Place {
                document: Arc::clone(document),
                span,
            };
            let message = "an override is a setting and a value, as in `retry.jira.max_retries=5`";
            let fault = ConfigFault::at(&place, String::new(), message.to_owned());
            return Err(Box::new(fault));
        };
        let name = match between {
            [] => section.end..section.end,
            [first, ..] => first.start..key.start - 1,
        };
        Ok(Self {
            document,
            section: section.clone(),
            name,
            key: key.clone(),
            value: trimmed(text, left.end + 1..span.end),
            path,
        })
    }

    fn text(&self, span: &Range<usize>) -> &'a str {
        &self.document.text[span.clone()]
    }

    fn place(&self, span: &Range<usize>) -> Place {
        Place {
            document: Arc::clone(self.document),
            span: span.clone(),
        }
    }

    fn fault(&self, span: &Range<usize>, message: String) -> ConfigFault {
        ConfigFault::at(&self.place(span), self.text(&self.path).to_owned(), message)
    }

    /// The section, and the name of the thing. `default.retry` has none.
    fn section(
        &self,
        specs: &'static [&'static SectionSpec],
    ) -> Found<(&'static SectionSpec, Option<&'a str>)> {
        let (section, name) = (self.text(&self.section), self.text(&self.name));
        let name = name.trim_matches('"');
        let (policy, name, span) = if section == DEFAULT {
            (name, None, &self.name)
        } else {
            (section, Some(name), &self.section)
        };
        let known = specs.iter().find(|spec| spec.name == policy);
        let Some(spec) = known.copied() else {
            let names: Vec<_> = specs.iter().map(|spec| spec.name).collect();
            let (message, meant) = no_section(policy, &names);
            return Err(Box::new(self.fault(span, message).near(meant)));
        };
        if name.is_none() && spec.kind != SectionKind::Policy {
            let policies = specs.iter().filter(|spec| spec.kind == SectionKind::Policy);
            let names: Vec<_> = policies.map(|spec| spec.name).collect();
            let (message, meant) = no_section(policy, &names);
            return Err(Box::new(self.fault(span, message).near(meant)));
        }
        if spec.kind == SectionKind::Single && name.is_some_and(|name| !name.is_empty()) {
            let key = self.text(&self.key);
            let message = format!("`{policy}` belongs to no name: write `{policy}.{key}=…`");
            return Err(Box::new(self.fault(&self.name, message)));
        }
        if spec.kind != SectionKind::Single && name.is_some_and(str::is_empty) {
            let key = self.text(&self.key);
            let message = format!(
                "`{key}` belongs to a name: write `{policy}.NAME.{key}=…`, or `{DEFAULT}.{policy}.{key}=…` for all names"
            );
            return Err(Box::new(self.fault(&self.path, message)));
        }
        Ok((spec, name))
    }

    fn add(&self, specs: &'static [&'static SectionSpec], values: &mut Values) -> Found<()> {
        let (spec, name) = self.section(specs)?;
        let key = find_key(spec, self.text(&self.key))
            .map_err(|(message, meant)| self.fault(&self.key, message).near(meant))?;
        let written = self.text(&self.value);
        let value = key
            .read(&literal(written), written)
            .map_err(|message| self.fault(&self.value, message))?;
        let level = if name.is_none() {
            Level::EnvironmentDefault
        } else {
            Level::EnvironmentNamed
        };
        let entry = Entry {
            key: key.name,
            value,
            place: self.place(&self.value),
            setting: self.text(&self.path).to_owned(),
            level,
        };
        let entries = vec![entry];
        let section = SectionValues { entries };
        match name {
            None => values.add_default(spec, &section),
            Some(name) => values.add_named(spec, name, &section, None),
        }
        Ok(())
    }
}

/// The value needs no quotation marks, so its form says what it is.
fn literal(text: &str) -> Literal<'_> {
    match text {
        "true" => return Literal::Flag(true),
        "false" => return Literal::Flag(false),
        _ => {}
    }
    if let Some(quoted) = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    {
        return Literal::Other(Written::Text(quoted));
    }
    let number = written_number(text);
    let digits = number.digits;
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit());
    Literal::Other(if is_number && digits.chars().all(|c| c.is_ascii_digit()) {
        Written::Whole(number)
    } else if is_number && digits.parse::<f64>().is_ok() {
        Written::Fraction(number)
    } else {
        Written::Text(text)
    })
}

/// Splits a part of the text at a character, unless the character is in quotation marks.
fn parts(text: &str, span: Range<usize>, at: char) -> impl Iterator<Item = Range<usize>> {
    let mut is_quoted = false;
    let mut ends: Vec<usize> = text[span.clone()]
        .char_indices()
        .filter_map(|(offset, c)| {
            is_quoted ^= c == '"';
            (c == at && !is_quoted).then_some(span.start + offset)
        })
        .collect();
    ends.push(span.end);
    let mut start = span.start;
    ends.into_iter().map(move |end| {
        let part = start..end;
        start = end + 1;
        part
    })
}

fn trimmed(text: &str, span: Range<usize>) -> Range<usize> {
    let part = &text[span.clone()];
    let start = span.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}
