//! From the text of a file to its sections. All faults of the text are found.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use toml::{
    Spanned,
    de::{DeInteger, DeString, DeTable, DeValue, Error},
};

use super::contradictions::{contradictions, faults_of};
use super::fault::{ConfigFault, Document, Faults, Place};
use super::key::{Key, Literal, written_number};
use super::section::{Entry, Level, SectionKind, SectionSpec, SectionValues};
use super::shared::duration;
use super::shared::nearest::nearest;
use super::shared::rules::Written;
use super::values::Values;

/// The table that holds the sections for all names.
pub(super) const DEFAULT: &str = "default";

/// Reads a text. The values are those of the sections without a fault.
pub(crate) fn parse(
    document: &Arc<Document>,
    specs: &'static [&'static SectionSpec],
    faults: &mut Faults,
) -> Values {
    let (table, errors) = DeTable::parse_recoverable(&document.text);
    let mut reader = Reader {
        document,
        specs,
        values: Values::default(),
        found: Vec::new(),
    };
    reader.top(table.get_ref());
    let Reader { values, found, .. } = reader;
    let broken: BTreeSet<u32> = errors
        .iter()
        .map(|error| {
            let fault = syntax(document, error);
            let line = fault.line;
            faults.push(fault);
            line
        })
        .collect();
    // A line that cannot be read has one fault, whatever was made of its rest.
    for fault in found {
        if !broken.contains(&fault.line) {
            faults.push(fault);
        }
    }
    values
}

/// The fault of a text that is no TOML.
fn syntax(document: &Arc<Document>, error: &Error) -> ConfigFault {
    let span = error.span().unwrap_or(0..0);
    let place = Place {
        document: Arc::clone(document),
        span,
    };
    let line = place.text_of_line();
    let message = match unquoted(line) {
        Some(quoted) => {
            format!("a text and a duration stand in quotation marks: write `{quoted}`")
        }
        None => format!("this is no TOML: {}", error.message()),
    };
    ConfigFault::at(&place, String::new(), message)
}

/// The line with quotation marks around its value, if that is what it lacks.
fn unquoted(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let value = value.split('#').next()?.trim();
    let is_word = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_value = is_word || duration::parse(value).is_ok();
    is_value.then(|| format!("{} = \"{value}\"", key.trim()))
}

struct Reader<'a> {
    document: &'a Arc<Document>,
    specs: &'static [&'static SectionSpec],
    values: Values,
    found: Vec<ConfigFault>,
}

type Name<'i> = Spanned<DeString<'i>>;

impl Reader<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place {
            document: Arc::clone(self.document),
            span,
        }
    }

    fn fault(&mut self, span: Range<usize>, setting: String, message: String) {
        let fault = ConfigFault::at(&self.place(span), setting, message);
        self.found.push(fault);
    }

    fn top(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            if name.get_ref() == DEFAULT {
                self.defaults(name, value);
            } else if let Some(spec) = self.spec(name.get_ref()) {
                self.section(spec, name, value);
            } else {
                self.unknown_section(name, name.get_ref(), &|_| true);
            }
        }
    }

    fn spec(&self, name: &str) -> Option<&'static SectionSpec> {
        self.specs.iter().find(|spec| spec.name == name).copied()
    }

    /// A table for a policy that does not exist. `is_possible` is true for those that can stand
    /// there.
    fn unknown_section(
        &mut self,
        name: &Name<'_>,
        setting: &str,
        is_possible: &dyn Fn(&SectionSpec) -> bool,
    ) {
        let possible = self.specs.iter().filter(|spec| is_possible(spec));
        let mut names: Vec<_> = possible.map(|spec| spec.name).collect();
        if setting == name.get_ref() {
            names.push(DEFAULT);
        }
        let (message, meant) = no_section(name.get_ref(), &names);
        let place = self.place(name.span());
        let fault = ConfigFault::at(&place, setting.to_owned(), message);
        self.found.push(fault.near(meant));
    }

    /// `[default.retry]`
    fn defaults(&mut self, name: &Name<'_>, value: &Spanned<DeValue<'_>>) {
        let Some(table) = value.get_ref().as_table() else {
            let message = "`default` has a table for each policy: write `[default.retry]`";
            return self.fault(name.span(), DEFAULT.to_owned(), message.to_owned());
        };
        for (policy, value) in table {
            let setting = format!("{DEFAULT}.{}", policy.get_ref());
            let spec = self.spec(policy.get_ref());
            let Some(spec) = spec.filter(|spec| spec.kind == SectionKind::Policy) else {
                let is_policy = |spec: &SectionSpec| spec.kind == SectionKind::Policy;
                self.unknown_section(policy, &setting, &is_policy);
                continue;
            };
            let Some(table) = value.get_ref().as_table() else {
                let message = format!("`{setting}` is a table: write `[{setting}]`");
                self.fault(policy.span(), setting, message);
                continue;
            };
            let values = self.keys(spec, &setting, Level::FileDefault, table);
            self.values.add_default(spec, &values);
        }
    }

    /// `[retry.NAME]` for all names, or `[metrics]`.
    fn section(
        &mut self,
        spec: &'static SectionSpec,
        name: &Name<'_>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let policy = spec.name;
        let Some(table) = value.get_ref().as_table() else {
            let message = format!("`{policy}` is a table: write `[{}]`", header(spec));
            return self.fault(name.span(), policy.to_owned(), message);
        };
        if spec.kind == SectionKind::Single {
            let values = self.keys(spec, policy, Level::FileNamed, table);
            self.values.add_named(spec, "", &values, None);
            return;
        }
        for (name, value) in table {
            let setting = format!("{policy}.{}", name.get_ref());
            let Some(table) = value.get_ref().as_table() else {
                self.key_without_name(spec, name, &setting);
                continue;
            };
            if let Some(nested) = name_with_dots(spec, name, table) {
                let message = format!(
                    "a name with dots stands in quotation marks: write `[{policy}.\"{nested}\"]`"
                );
                self.fault(name.span(), setting, message);
                continue;
            }
            if name.get_ref().is_empty() {
                let message = "the name of a section must not be empty";
                self.fault(name.span(), setting, message.to_owned());
                continue;
            }
            let values = self.keys(spec, &setting, Level::FileNamed, table);
            let place = self.place(name.span());
            self.values
                .add_named(spec, name.get_ref(), &values, Some(place));
        }
    }

    /// `[retry]` with `max_retries = 3` in it.
    fn key_without_name(&mut self, spec: &SectionSpec, name: &Name<'_>, setting: &str) {
        let (policy, key) = (spec.name, name.get_ref());
        let for_all = if spec.kind == SectionKind::Policy {
            format!(", or below `[{DEFAULT}.{policy}]` for all names")
        } else {
            String::new()
        };
        let message =
            format!("`{key}` belongs to a name: write it below `[{policy}.NAME]`{for_all}");
        self.fault(name.span(), setting.to_owned(), message);
    }

    /// Reads the keys of one section.
    fn keys(
        &mut self,
        spec: &'static SectionSpec,
        section: &str,
        level: Level,
        table: &DeTable<'_>,
    ) -> SectionValues {
        let mut values = SectionValues::default();
        for (name, value) in table {
            let setting = format!("{section}.{}", name.get_ref());
            let key = match find_key(spec, name.get_ref()) {
                Ok(key) => key,
                Err((message, meant)) => {
                    let place = self.place(name.span());
                    let fault = ConfigFault::at(&place, setting, message);
                    self.found.push(fault.near(meant));
                    continue;
                }
            };
            let place = self.place(value.span());
            let shown = &self.document.text[value.span()];
            let read = with_literal(value.get_ref(), |literal| key.read(literal, shown));
            match read {
                Ok(value) => values.entries.push(Entry {
                    key: key.name,
                    value,
                    place,
                    setting,
                    level,
                }),
                Err(message) => self.found.push(ConfigFault::at(&place, setting, message)),
            }
        }
        let contradictions = contradictions(spec, &values);
        self.found.extend(faults_of(&values, contradictions));
        values
    }
}

/// The name that was meant by `[retry.orders.issue]`, which TOML reads as a table in a table.
fn name_with_dots(spec: &SectionSpec, name: &Name<'_>, table: &DeTable<'_>) -> Option<String> {
    let mut full = name.get_ref().clone().into_owned();
    let mut inner = table;
    loop {
        let nested = inner.iter().find_map(|(key, value)| {
            let is_key = spec.find(key.get_ref()).is_some();
            let table = value.get_ref().as_table().filter(|_| !is_key)?;
            Some((key.get_ref(), table))
        });
        let Some((key, table)) = nested else {
            return (full != *name.get_ref()).then_some(full);
        };
        full = format!("{full}.{key}");
        inner = table;
    }
}

/// `retry.NAME`, or `metrics`.
fn header(spec: &SectionSpec) -> String {
    match spec.kind {
        SectionKind::Single => spec.name.to_owned(),
        SectionKind::Policy | SectionKind::Named => format!("{}.NAME", spec.name),
    }
}

/// The key of that name, or the message about a name that is none, with the name that was meant.
pub(super) fn find_key(
    spec: &'static SectionSpec,
    typed: &str,
) -> Result<&'static Key, (String, Option<&'static str>)> {
    if let Some(key) = spec.find(typed) {
        return Ok(key);
    }
    let keys: Vec<&'static Key> = spec.all_keys().collect();
    let table = section_name(spec);
    let mut foreign = spec.keys.foreign.iter();
    let ours = foreign.find(|(theirs, _)| *theirs == typed);
    let ours = ours.and_then(|(_, ours)| spec.find(ours));
    let (meant, words) = match (ours, nearest(typed, &keys, |key| key.name)) {
        (Some(key), _) => {
            let (name, example) = (key.name, key.example_in_file());
            let words = format!("here it is called `{name}`: write `{example}`");
            (Some(name), words)
        }
        (None, Some(key)) => {
            let words = format!("did you mean `{}`?", key.example_in_file());
            (Some(key.name), words)
        }
        (None, None) => {
            let options: Vec<_> = keys.iter().map(|key| format!("`{}`", key.name)).collect();
            let are = if options.len() == 1 {
                "option is"
            } else {
                "options are"
            };
            (None, format!("its {are} {}", options.join(", ")))
        }
    };
    Err((format!("{table} has no option `{typed}`; {words}"), meant))
}

/// The message about a section that does not exist, with the name that was meant.
pub(super) fn no_section(typed: &str, sections: &[&'static str]) -> (String, Option<&'static str>) {
    let meant = nearest(typed, sections, |name| name).copied();
    let message = match meant {
        Some(meant) => format!("there is no section `{typed}`; did you mean `{meant}`?"),
        None => {
            let sections: Vec<_> = sections.iter().map(|name| format!("`{name}`")).collect();
            let sections = sections.join(", ");
            format!("there is no section `{typed}`; the sections are {sections}")
        }
    };
    (message, meant)
}

fn section_name(spec: &SectionSpec) -> String {
    format!("[{}]", header(spec))
}

/// Calls `read` with the literal that a value is.
fn with_literal<R>(value: &DeValue<'_>, read: impl FnOnce(&Literal<'_>) -> R) -> R {
    match value {
        DeValue::String(text) => read(&Literal::Other(Written::Text(text))),
        DeValue::Boolean(flag) => read(&Literal::Flag(*flag)),
        DeValue::Integer(integer) => {
            let decimal = decimal(integer);
            read(&Literal::Other(Written::Whole(written_number(&decimal))))
        }
        DeValue::Float(float) => {
            let number = written_number(float.as_str());
            read(&Literal::Other(Written::Fraction(number)))
        }
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
            read(&Literal::Other(Written::Other))
        }
    }
}

/// The integer in decimal digits. One that no rule allows, because it is too large, stays as it is.
fn decimal(integer: &DeInteger<'_>) -> String {
    let digits = integer.as_str();
    i128::from_str_radix(digits, integer.radix())
        .map_or_else(|_| digits.to_owned(), |number| number.to_string())
}
