//! Puts the attributes above every function of 40 published crates that returns a `Result`,
//! compiles the crates and counts the functions that are accepted without another change, the
//! errors by their kind, the errors without the name of the argument, and the errors with their
//! caret under an attribute. Then it runs crates' own tests below the attributes, because an
//! attribute must not change what a function does.
//!
//! ```sh
//! cargo run -p resilience-real-code              # the whole sample
//! cargo run -p resilience-real-code -- reduced   # what CI runs
//! cargo run -p resilience-real-code -- tar csv   # some crates of the sample
//! ```
//!
//! Cargo fetches the sources from the registry; everything lies in `target/real-code`, and nothing
//! of it is committed. The tables go to the output, each refusal with its place to
//! `target/real-code/refusals.txt`. The program fails where a goal of `goals.rs` is missed. What a
//! macro of the crate writes is not annotated, and what the platform or the features switch off is
//! not counted.
//!
//! Functions that are accepted under `#[retry(clone(..))]`, by group (`sample.rs`):
//!
//! | group | crates | functions | accepted |
//! |---|---|---|---|
//! | known | 28 | 5,322 | 91.4 % |
//! | unseen | 8 | 1,733 | 80.2 % |
//! | formats of serde | 4 | 1,351 | 58.1 % |
//! | all | 40 | 8,406 | 83.7 % |

mod cargo;
mod functions;
mod goals;
mod refusal;
mod report;
mod sample;
mod sources;
mod subject;
mod variant;

use std::{error::Error, fs, path::Path, process::ExitCode, time::Instant};

use report::{Report, Row};
use sample::{SAMPLES, Sample};
use subject::Subject;
use variant::Variant;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let samples = chosen(&arguments)?;
    let root = sources::repository()
        .canonicalize()?
        .join("target/real-code");
    let sources = sources::fetch(&root, &samples)?;
    let mut report = Report { rows: Vec::new() };
    let mut failed = Vec::new();
    for sample in samples {
        let start = Instant::now();
        let source = sources
            .get(sample.name)
            .ok_or("cargo fetched another version")?;
        eprintln!("{} {}", sample.name, sample.version);
        let subject = match Subject::new(&root, source, sample) {
            Ok(subject) => subject,
            Err(reason) => {
                eprintln!("  left out: {reason}");
                failed.push(format!("{} is left out: {reason}", sample.name));
                continue;
            }
        };
        match measure(subject) {
            Ok(row) => report.rows.push(row),
            Err(reason) => failed.push(format!("{}: {reason}", sample.name)),
        }
        eprintln!("  {:.0} s", start.elapsed().as_secs_f64());
        write_examples(&root, &report)?;
    }
    println!("{}", report.tables());
    failed.extend(goals::missed(&report));
    for failure in &failed {
        println!("FAILED: {failure}");
    }
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn measure(subject: Subject) -> Result<Row, Box<dyn Error>> {
    let mut variants = Vec::new();
    for variant in Variant::ALL {
        let refusals = subject.measure(variant)?;
        eprintln!(
            "  {variant:<18} {} of {} functions are refused",
            refusals.len(),
            subject.functions()
        );
        variants.push(refusals);
    }
    let tests = match variants.last() {
        Some(refused) => subject.test(refused)?,
        None => None,
    };
    Ok(Row {
        subject,
        variants,
        tests,
    })
}

fn chosen(arguments: &[String]) -> Result<Vec<Sample>, String> {
    if arguments.is_empty() {
        return Ok(SAMPLES.to_vec());
    }
    if arguments == ["reduced"] {
        return Ok(SAMPLES
            .into_iter()
            .filter(|sample| sample.reduced)
            .collect());
    }
    let find = |name: &String| {
        let sample = SAMPLES.into_iter().find(|sample| sample.name == name);
        sample.ok_or_else(|| {
            format!("`{name}` is no crate of the sample (see sample.rs), nor `reduced`")
        })
    };
    arguments.iter().map(find).collect()
}

fn write_examples(root: &Path, report: &Report) -> std::io::Result<()> {
    fs::write(root.join("refusals.txt"), report.examples())
}
