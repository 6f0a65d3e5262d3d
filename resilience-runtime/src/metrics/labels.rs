//! The bound on the values of a label.

use std::collections::HashSet;
use std::mem;

use tracing::warn;

/// The values of a label beyond the bound have this one.
pub(super) const OTHER: &str = "_other";

/// A program has tens of circuits and operations. This many are a mistake, such as a name that is
/// computed from a request, and a monitoring system suffers from more.
const MOST: usize = 1_000;

/// The values that one label has had.
#[derive(Debug)]
pub(super) struct LabelValues {
    label: &'static str,
    known: HashSet<String>,
    /// The values that came after the bound was reached.
    beyond: HashSet<String>,
    is_reported: bool,
}

impl LabelValues {
    pub(super) fn new(label: &'static str) -> Self {
        Self {
            label,
            known: HashSet::new(),
            beyond: HashSet::new(),
            is_reported: false,
        }
    }

    /// The name of the label.
    pub(super) fn label(&self) -> &'static str {
        self.label
    }

    /// The value to report for `value`.
    pub(super) fn bounded<'v>(&mut self, value: &'v str) -> &'v str {
        if self.known.contains(value) {
            return value;
        }
        if self.known.len() < MOST {
            self.known.insert(value.to_owned());
            return value;
        }
        self.beyond.insert(value.to_owned());
        OTHER
    }

    /// True once, after the first value beyond the bound. The caller warns, because it may hold a
    /// lock now and the log runs code of others.
    pub(super) fn is_first_beyond(&mut self) -> bool {
        let is_beyond = !self.beyond.is_empty();
        is_beyond && !mem::replace(&mut self.is_reported, true)
    }

    /// The number of values that are reported as [`OTHER`].
    pub(super) fn overflow(&self) -> u64 {
        self.beyond.len() as u64
    }
}

/// Warns of a label that has too many values.
#[cold]
pub(super) fn warn_of_overflow(label: &str) {
    warn!(
        target: "resilience", label,
        "metrics: the label has more than {MOST} values: further ones are reported as `{OTHER}`"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_bound_share_one() {
        let mut values = LabelValues::new("circuit");
        let names: Vec<_> = (0..MOST + 2).map(|at| at.to_string()).collect();
        for _ in 0..2 {
            for (at, name) in names.iter().enumerate() {
                let expected = if at < MOST { name.as_str() } else { OTHER };
                assert_eq!(values.bounded(name), expected);
            }
        }
        assert_eq!(values.overflow(), 2);
        assert_eq!(
            [values.is_first_beyond(), values.is_first_beyond()],
            [true, false]
        );
    }
}
