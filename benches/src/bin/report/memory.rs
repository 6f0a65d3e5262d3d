//! The figures of the programs `memory` and `stack_use`.

use std::{
    env,
    error::Error,
    io,
    process::{Command, Output},
};

pub(crate) struct Memory {
    lines: Vec<Vec<String>>,
}

impl Memory {
    pub(crate) fn measure() -> Result<Self, Box<dyn Error>> {
        let output = run("memory", &[])?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let text = String::from_utf8(output.stdout)?;
        let lines = text
            .lines()
            .map(|line| line.split('\t').map(String::from).collect())
            .collect();
        Ok(Self { lines })
    }

    /// The figure of the line that begins with these parts, if there is one.
    pub(crate) fn get(&self, key: &[&str]) -> Option<f64> {
        let line = self
            .lines
            .iter()
            .find(|line| line.iter().zip(key).all(|(part, key)| part == key))?;
        line.get(key.len())?.parse().ok()
    }
}

/// More than any of the functions needs, in KB.
const LARGE_STACK: u32 = 16 * 1024;

/// The smallest stack on which each of these functions runs, in KB.
pub(crate) fn stacks(functions: &[&str]) -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let smallest = |&function: &&str| {
        let suffices = |kilobytes: u32| -> Result<bool, Box<dyn Error>> {
            let output = run("stack_use", &[function, &kilobytes.to_string()])?;
            Ok(output.status.success())
        };
        if !suffices(LARGE_STACK)? {
            return Err(format!("`stack_use {function}` does not run").into());
        }
        let (mut too_small, mut large) = (0, LARGE_STACK);
        while large - too_small > 4 {
            let middle = too_small.midpoint(large);
            if suffices(middle)? {
                large = middle;
            } else {
                too_small = middle;
            }
        }
        Ok((function.to_owned(), f64::from(large)))
    };
    functions.iter().map(smallest).collect()
}

/// Runs another program of this package.
fn run(program: &str, arguments: &[&str]) -> io::Result<Output> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let package = env!("CARGO_PKG_NAME");
    Command::new(cargo)
        .args(["run", "--release", "--quiet", "-p", package])
        .args(["--bin", program, "--"])
        .args(arguments)
        .output()
}
