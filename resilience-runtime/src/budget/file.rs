//! The section `[budget.NAME]` of the configuration file.

use super::counts::Counts;
use super::settings::{RATIO, Settings, WINDOW};
use crate::file::{
    CountRule, Current, Key, Keys, Kind, Rules, SectionKind, SectionSpec, SectionValues, Value,
    Values, Written, current,
};
use crate::operation::ResolvedSetting;
use crate::settings::Source;

pub(crate) static FILE: SectionSpec = SectionSpec {
    name: "budget",
    keys: Keys {
        keys: &[],
        foreign: &[],
    },
    own: &[
        Key {
            name: "ratio",
            example: "ratio = 0.2",
            kind: Kind::Own(read_ratio),
        },
        Key {
            name: "window",
            example: "window = \"10s\"",
            kind: Kind::Own(read_window),
        },
        Key {
            name: "min_per_second",
            example: "min_per_second = 1",
            kind: Kind::Count(CountRule {
                at_least: 0,
                at_most: u32::MAX,
                hint: "",
            }),
        },
    ],
    kind: SectionKind::Named,
    exclusive: &[],
    contradictions: |_| Vec::new(),
};

fn read_ratio(rules: &Rules<'_>, written: Written<'_>) -> Result<Value, String> {
    let number = match written {
        Written::Whole(number) | Written::Fraction(number) => number,
        Written::Text(_) => {
            let example = rules.example;
            return Err(format!(
                "`ratio` takes a number, not a text: write `{example}`"
            ));
        }
        Written::Other => return Err(format!("`ratio` takes a number, as in `{}`", rules.example)),
    };
    let sign = if number.is_negative { "-" } else { "" };
    let ratio = format!("{sign}{}", number.digits)
        .parse()
        .unwrap_or(f64::NAN);
    RATIO
        .check(Settings::is_ratio(ratio), ratio)
        .map_err(|error| error.to_string())?;
    Ok(Value::Number(ratio))
}

fn read_window(rules: &Rules<'_>, written: Written<'_>) -> Result<Value, String> {
    let window = rules.time(None, written)?;
    WINDOW
        .check(Settings::is_window(window), window)
        .map_err(|error| error.to_string())?;
    Ok(Value::Time(window))
}

/// The settings of a budget with the values of its section.
fn in_file(base: Settings, values: &SectionValues) -> Settings {
    Settings {
        ratio: values
            .number("ratio")
            .map_or(base.ratio, Settings::thousandths),
        window: values.time("window").unwrap_or(base.window),
        min_per_second: values
            .count("min_per_second")
            .unwrap_or(base.min_per_second),
    }
}

/// Gives a new budget the values of the file that holds now.
pub(super) fn begin(counts: &Counts, file: &Current) {
    if let Some(values) = file.values() {
        reconfigure(counts, values);
    }
}

/// Gives a budget the values of a file. No value of a budget contradicts another one.
pub(super) fn reconfigure(counts: &Counts, values: &Values) {
    let section = values.of(&FILE, counts.name());
    counts.reconfigure(in_file(counts.base(), &section));
}

/// The settings of a budget, each with its source.
pub(super) fn describe(counts: &Counts) -> Vec<ResolvedSetting> {
    let current = current();
    let values = current.values();
    let section = values.map_or_else(SectionValues::default, |values| {
        values.of(&FILE, counts.name())
    });
    let base = counts.base();
    let settings = in_file(base, &section);
    let described = |setting: &'static str, value: Value| {
        let source = match section.entry(setting) {
            Some(entry) => entry.place.source(),
            None => Source::Default,
        };
        ResolvedSetting {
            policy: FILE.name,
            setting,
            value: value.to_string(),
            source,
        }
    };
    let ratio = Value::Number(f64::from(settings.ratio) / 1_000.0);
    vec![
        described("ratio", ratio),
        described("window", Value::Time(settings.window)),
        described("min_per_second", Value::Count(settings.min_per_second)),
    ]
}
