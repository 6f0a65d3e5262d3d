//! The table, and its place in `README.md`.

use std::{error::Error, fmt::Write as _, fs};

use resilience_benches::Goal;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

const BEGIN: &str = "<!-- the table begins: written by `report` -->";
const END: &str = "<!-- the table ends -->";

/// The figures of one scenario. The first one is ours.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) figures: Vec<(String, f64)>,
    pub(crate) goals: Vec<Goal>,
}

pub(crate) struct Table {
    rows: Vec<Row>,
    /// Only rows with this text in their name are measured.
    filter: Option<String>,
}

impl Table {
    pub(crate) fn new(filter: Option<String>) -> Self {
        Self {
            rows: Vec::new(),
            filter,
        }
    }

    /// True if the row with this name is to be measured.
    pub(crate) fn wants(&self, what: &str) -> bool {
        let filter = self.filter.as_ref();
        filter.is_none_or(|filter| what.contains(filter))
    }

    /// Measures and prints a row, if it is wanted.
    pub(crate) fn measure(
        &mut self,
        what: &str,
        unit: &'static str,
        goals: Vec<Goal>,
        figures: impl FnOnce() -> Result<Vec<(String, f64)>, Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        if self.wants(what) {
            self.push(Row {
                what: what.to_owned(),
                unit,
                figures: figures()?,
                goals,
            });
        }
        Ok(())
    }

    pub(crate) fn push(&mut self, row: Row) {
        println!("{}", lines(&row));
        self.rows.push(row);
    }

    /// The number of goals that were met, and of all goals.
    pub(crate) fn score(&self) -> (usize, usize) {
        let judged = self
            .rows
            .iter()
            .flat_map(|row| row.goals.iter().map(|goal| judge(row, *goal).met));
        let (met, missed): (Vec<_>, Vec<_>) = judged.partition(|met| *met);
        (met.len(), met.len() + missed.len())
    }

    /// Replaces the text between the markers.
    pub(crate) fn write(&self, machine: &str) -> Result<(), Box<dyn Error>> {
        let readme = fs::read_to_string(README)?;
        let (before, rest) = readme
            .split_once(BEGIN)
            .ok_or("README.md has no beginning of the table")?;
        let (_, after) = rest
            .split_once(END)
            .ok_or("README.md has no end of the table")?;
        let rows: String = self.rows.iter().map(lines).collect();
        let (met, of) = self.score();
        let table = format!(
            "{machine}; {met} of {of} goals met.\n\n\
             | what | ours | the others | measured | goal | |\n|---|---:|---|---:|---:|---|\n{rows}"
        );
        Ok(fs::write(
            README,
            format!("{before}{BEGIN}\n{table}{END}{after}"),
        )?)
    }
}

struct Judgement {
    measured: String,
    goal: String,
    met: bool,
}

fn judge(row: &Row, goal: Goal) -> Judgement {
    let (ours, unit) = (row.figures[0].1, row.unit);
    let of = |name: &str| {
        let figure = row.figures.iter().find(|(known, _)| known == name);
        figure
            .unwrap_or_else(|| panic!("{}: no {name}", row.what))
            .1
    };
    let ratio = |other: f64, name: &str, most: f64| Judgement {
        measured: format!("{:.2} × {name}", ours / other),
        goal: format!("≤ {most} ×"),
        met: ours / other <= most,
    };
    match goal {
        Goal::Of(name, most) => ratio(of(name), name, most),
        Goal::OfBest(most) => {
            let best = row.figures[1..]
                .iter()
                .min_by(|one, two| one.1.total_cmp(&two.1));
            let (name, best) = best.unwrap_or_else(|| panic!("{}: nobody to beat", row.what));
            ratio(*best, name, most)
        }
        Goal::Over(name, most) => {
            let over = ours - of(name);
            Judgement {
                measured: format!("{name} + {}", figure(over)),
                goal: format!("≤ + {most} {unit}"),
                met: over <= most,
            }
        }
        Goal::ShareOver(plain, peer, most) => {
            let plain_figure = of(plain);
            let share = (ours - plain_figure) / (of(peer) - plain_figure);
            Judgement {
                measured: format!("{share:.2} × {peer}, both without {plain}"),
                goal: format!("≤ {most} ×"),
                met: share <= most,
            }
        }
        Goal::AtMost(most) => Judgement {
            measured: figure(ours),
            goal: format!("≤ {} {unit}", figure(most)),
            met: ours <= most,
        },
        Goal::AtLeast(least) => Judgement {
            measured: figure(ours),
            goal: format!("≥ {} {unit}", figure(least)),
            met: ours >= least,
        },
    }
}

/// A line for each goal, or one line if there is none.
fn lines(row: &Row) -> String {
    let Row {
        what,
        unit,
        figures,
        goals,
    } = row;
    let ours = figure(figures[0].1);
    let others = figures[1..]
        .iter()
        .map(|(name, value)| format!("{name} {}", figure(*value)))
        .collect::<Vec<_>>();
    let others = others.join(", ");
    let mut lines = String::new();
    for goal in goals {
        let Judgement {
            measured,
            goal,
            met,
        } = judge(row, *goal);
        let met = if met { "met" } else { "**missed**" };
        let _ = writeln!(
            lines,
            "| {what} | {ours} {unit} | {others} | {measured} | {goal} | {met} |"
        );
    }
    if goals.is_empty() {
        let _ = writeln!(lines, "| {what} | {ours} {unit} | {others} | | | |");
    }
    lines
}

/// Shows a figure with its significant digits.
fn figure(value: f64) -> String {
    if value.fract().abs() < 1e-9 && value.abs() < 1e6 {
        format!("{value}")
    } else if value.abs() < 100.0 {
        format!("{value:.1}")
    } else if value.abs() < 1e5 {
        format!("{value:.0}")
    } else {
        format!("{:.1} million", value / 1e6)
    }
}
