//! The figures of the `memory` program.

use std::{env, error::Error, process::Command};

pub(crate) struct Memory {
    lines: Vec<Vec<String>>,
}

impl Memory {
    pub(crate) fn measure() -> Result<Self, Box<dyn Error>> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args([
                "run",
                "--release",
                "--quiet",
                "-p",
                env!("CARGO_PKG_NAME"),
                "--bin",
                "memory",
            ])
            .output()?;
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
