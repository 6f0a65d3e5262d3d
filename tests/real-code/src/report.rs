//! The tables, and a file with each kind of refusal as the user reads it.

use std::fmt::Write as _;

use crate::{
    refusal::{Kind, Refusal},
    sample::{Group, Sample},
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
    pub(crate) fn refusals(&self, variant: Variant) -> impl Iterator<Item = &Refusal> {
        self.rows
            .iter()
            .flat_map(move |row| row.of(variant).values())
    }

    /// The share of the functions that are accepted, in the crates that `counts` chooses, if there
    /// are any.
    pub(crate) fn accepted_percent(
        &self,
        variant: Variant,
        counts: impl Fn(&Sample) -> bool,
    ) -> Option<f64> {
        let (functions, refused) = self.count(variant, counts);
        (functions > 0).then(|| percent(functions - refused, functions))
    }

    /// The functions of the crates that `counts` chooses, and how many of them are refused.
    fn count(&self, variant: Variant, counts: impl Fn(&Sample) -> bool) -> (usize, usize) {
        let rows = self.rows.iter().filter(|row| counts(&row.subject.sample));
        rows.fold((0, 0), |(functions, refused), row| {
            (
                functions + row.subject.functions(),
                refused + row.of(variant).len(),
            )
        })
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
        for group in Group::ALL {
            self.total(&mut text, &group.to_string(), |sample| {
                sample.group == group
            });
        }
        self.total(&mut text, "total", |_| true);
        for kind in Kind::ALL {
            self.line(&mut text, &format!("refused: {kind}"), |refusal| {
                refusal.kind == kind
            });
        }
        self.line(&mut text, "argument moved, without its name", |refusal| {
            refusal.hides_argument()
        });
        self.line(&mut text, "caret under an attribute", |refusal| {
            refusal.caret_at_attribute
        });
        text
    }

    fn total(&self, text: &mut String, name: &str, counts: impl Fn(&Sample) -> bool) {
        let shares = Variant::ALL.map(|variant| self.count(variant, &counts));
        let (functions, _) = shares[0];
        if functions == 0 {
            return;
        }
        let _ = write!(text, "{name:<24}{functions:>10}");
        for (_, refused) in shares {
            let accepted = functions - refused;
            let share = format!("{accepted} ({:.1} %)", percent(accepted, functions));
            let _ = write!(text, "{share:>18}");
        }
        text.push('\n');
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
                        "{variant} | {kind} | {} | {} | {} {} | of type {} | names the argument: {} | caret under an attribute: {}",
                        row.subject.place(number),
                        row.subject.function(number).name,
                        refusal.code,
                        refusal.message,
                        refusal.moved_type.as_deref().unwrap_or("-"),
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
