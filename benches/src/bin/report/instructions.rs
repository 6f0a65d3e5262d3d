//! The instructions per call of each contender, which other work of the machine does not change.

use std::{
    env,
    error::Error,
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// The counts of one contender.
pub(crate) struct Counted {
    pub(crate) scenario: String,
    pub(crate) contender: String,
    pub(crate) per_call: f64,
}

/// Counts with callgrind. There are no counts on a machine without valgrind.
pub(crate) fn count() -> Result<Vec<Counted>, Box<dyn Error>> {
    let valgrind = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if valgrind.is_err() {
        eprintln!("no instructions are counted, because valgrind is not installed");
        return Ok(Vec::new());
    }
    let report = env::current_exe()?;
    let built = report.parent().ok_or("the report lies in no folder")?;
    let folder = built.join("instructions.counts");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    build()?;
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--zero-before=instructions::counted",
            "--dump-after=instructions::counted",
        ])
        .arg(format!("--callgrind-out-file={}/counts", folder.display()))
        .arg(built.join("instructions"))
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    String::from_utf8(output.stdout)?
        .lines()
        .enumerate()
        .map(|(line, text)| {
            let mut parts = text.split('\t');
            let mut part = || parts.next().ok_or("a line lacks a part");
            let (scenario, contender, calls): (_, _, f64) = (part()?, part()?, part()?.parse()?);
            let total = |run| total(&folder.join(format!("counts.{}", 2 * line + run)));
            Ok(Counted {
                scenario: scenario.to_owned(),
                contender: contender.to_owned(),
                per_call: ((total(2)? - total(1)?) / calls).round(),
            })
        })
        .collect()
}

fn build() -> Result<(), Box<dyn Error>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--quiet", "-p"])
        .args([env!("CARGO_PKG_NAME"), "--bin", "instructions"])
        .status()?;
    if built.success() {
        Ok(())
    } else {
        Err("the program of the counts was not built".into())
    }
}

/// The instructions in a file of callgrind's.
fn total(file: &Path) -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let totals = text
        .lines()
        .find_map(|line| line.strip_prefix("totals: "))
        .ok_or_else(|| format!("{} has no totals", file.display()))?;
    Ok(totals.trim().parse()?)
}
