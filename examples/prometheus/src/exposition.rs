//! The text format of Prometheus, as far as this example reads it.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::collections::{BTreeMap, BTreeSet};

/// All series of a scrape.
pub(crate) struct Exposition(BTreeMap<Series, f64>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    name: String,
    labels: BTreeMap<String, String>,
}

impl Exposition {
    /// Reads a scrape, and refuses a line that breaks the grammar, a series that stands twice and a
    /// series whose metric has no type.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut types = BTreeSet::new();
        let mut all = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(comment) = line.strip_prefix("# ") {
                let words: Vec<_> = comment.splitn(3, ' ').collect();
                match words.as_slice() {
                    ["TYPE", name, "counter" | "gauge" | "histogram"] => {
                        types.insert((*name).to_owned())
                    }
                    ["HELP", _, _] => true,
                    _ => return Err(format!("no comment of the format: {line}")),
                };
                continue;
            }
            let (series, value) = sample(line).ok_or_else(|| format!("no sample: {line}"))?;
            if !types.contains(metric(&series.name)) && !types.contains(&series.name) {
                return Err(format!("no type before {line}"));
            }
            if all.insert(series, value).is_some() {
                return Err(format!("twice: {line}"));
            }
        }
        Ok(Self(all))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.keys().any(|series| series.name == name)
    }

    /// The sum of all series of a metric that have these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let is_wanted = |series: &Series| {
            let has = |(label, value): &(&str, &str)| {
                series
                    .labels
                    .get(*label)
                    .is_some_and(|found| found == value)
            };
            series.name == name && labels.iter().all(has)
        };
        let wanted = self.0.iter().filter(|(series, _)| is_wanted(series));
        wanted.map(|(_, value)| value).sum()
    }
}

/// The metric of a series: that of a histogram has the name of a part behind its own.
fn metric(series: &str) -> &str {
    let parts = ["_bucket", "_sum", "_count"];
    let mut metrics = parts.iter().filter_map(|part| series.strip_suffix(part));
    metrics.next().unwrap_or(series)
}

/// `name{label="value",…} number`
fn sample(line: &str) -> Option<(Series, f64)> {
    let name_ends = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(name_ends);
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"")?;
            let value_ends = unescaped_quote(after)?;
            if !is_name(label)
                || labels
                    .insert(label.to_owned(), after[..value_ends].to_owned())
                    .is_some()
            {
                return None;
            }
            rest = &after[value_ends + 1..];
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        rest = rest.strip_prefix('}')?;
    }
    let value = rest.strip_prefix(' ')?.parse().ok()?;
    let name = name.to_owned();
    is_name(&name).then_some((Series { name, labels }, value))
}

fn unescaped_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end.then_some(at)
    })
}

fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_part)
}

/// The metrics of this library that an expression names.
pub(crate) fn metric_names(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("resilience_"))
}
