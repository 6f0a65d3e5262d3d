//! The tables, and a file with each kind of refusal as the user reads it.

use std::fmt::Write as _;

use crate::{
    refusal::{Kind, Refusal},
    sample::Sample,
    subject::{Refusals, Subject},
    variant::Variant,
};

/// A crate and the outcome of its variants, in the order of `Variant::ALL`.
pub(crate) struct Row {
    pub(crate) subject: Subject,
    pub(crate) variants: Vec<Refusals>,
    /// The number of the crate's own tests that passed below the attributes.
    pub(crate) tests: Option<u32>,
}

pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
}

/// Examples in the file, for each variant and kind.
const EXAMPLES: usize = 6;

impl Report {
    pub(crate) fn functions(&self) -> usize {
        self.rows.iter().map(|row| row.subject.functions()).sum()
    }

    pub(crate) fn refusals(&self, variant: Variant) -> impl Iterator<Item = &Refusal> {
        self.rows
            .iter()
            .flat_map(move |row| row.of(variant).values())
    }

    /// The share of the functions that are accepted, in the crates that `counts` chooses.
    pub(crate) fn accepted_percent(
        &self,
        variant: Variant,
        counts: impl Fn(&Sample) -> bool,
    ) -> f64 {
        let (mut functions, mut refused) = (0, 0);
        for row in self.rows.iter().filter(|row| counts(&row.subject.sample)) {
            functions += row.subject.functions();
            refused += row.of(variant).len();
        }
        percent(functions - refused, functions)
    }

    /// Prints how many functions of each crate are accepted; then why the others are refused; then
    /// how well it is said.
    pub(crate) fn tables(&self) -> String {
        let mut text = format!("\n{:<24}{:>10}", "accepted", "functions");
        for variant in Variant::ALL {
            let _ = write!(text, "{variant:>18}");
        }
        text.push_str("   own tests\n");
        for row in &self.rows {
            let sample = row.subject.sample;
            let functions = row.subject.functions();
            let name = format!("{} {}", sample.name, sample.version);
            let _ = write!(text, "{name:<24}{functions:>10}");
            for refusals in &row.variants {
                let _ = write!(text, "{:>18}", functions - refusals.len());
            }
            let tests = row
                .tests
                .map_or("-".to_owned(), |tests| format!("{tests} pass"));
            let _ = writeln!(text, "   {tests}");
        }
        let _ = write!(text, "{:<24}{:>10}", "total", self.functions());
        for variant in Variant::ALL {
            let accepted = self.functions() - self.refusals(variant).count();
            let share = format!(
                "{accepted} ({:.1} %)",
                self.accepted_percent(variant, |_| true)
            );
            let _ = write!(text, "{share:>18}");
        }
        text.push('\n');
        for kind in Kind::ALL {
            self.line(&mut text, &format!("refused: {kind}"), |refusal| {
                refusal.kind == kind
            });
        }
        self.line(&mut text, "argument moved, without its name", |refusal| {
            refusal.kind == Kind::Moved && !refusal.names_argument
        });
        self.line(&mut text, "caret under an attribute", |refusal| {
            refusal.caret_at_attribute
        });
        text
    }

    fn line(&self, text: &mut String, name: &str, counts: impl Fn(&Refusal) -> bool) {
        let _ = write!(text, "{name:<34}");
        for variant in Variant::ALL {
            let count = self
                .refusals(variant)
                .filter(|refusal| counts(refusal))
                .count();
            let _ = write!(text, "{count:>18}");
        }
        text.push('\n');
    }

    /// All refusals in a line each, and some of each kind with the compiler's whole text.
    pub(crate) fn examples(&self) -> String {
        let mut text = String::new();
        for variant in Variant::ALL {
            for kind in Kind::ALL {
                let mut examples = EXAMPLES;
                for (row, number, refusal) in self.entries(variant) {
                    if refusal.kind != kind {
                        continue;
                    }
                    let _ = writeln!(
                        text,
                        "{variant} | {kind} | {} | {} | {} {} | names the argument: {} | caret under an attribute: {}",
                        row.subject.place(number),
                        row.subject.function(number).name,
                        refusal.code,
                        refusal.message,
                        refusal.names_argument,
                        refusal.caret_at_attribute,
                    );
                    if examples > 0 {
                        examples -= 1;
                        let _ = writeln!(text, "{}", refusal.rendered);
                    }
                }
            }
        }
        text
    }

    fn entries(&self, variant: Variant) -> impl Iterator<Item = (&Row, usize, &Refusal)> {
        self.rows.iter().flat_map(move |row| {
            let refusals = row.of(variant).iter();
            refusals.map(move |(number, refusal)| (row, *number, refusal))
        })
    }
}

impl Row {
    fn of(&self, variant: Variant) -> &Refusals {
        let index = Variant::ALL.iter().position(|other| *other == variant);
        &self.variants[index.unwrap_or_default()]
    }
}

#[expect(clippy::cast_precision_loss, reason = "the counts are small")]
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 * 100.0 / whole as f64
}
