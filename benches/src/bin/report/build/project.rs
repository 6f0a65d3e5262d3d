//! A crate outside of the workspace that the report writes and builds.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) struct Project {
    pub(crate) name: String,
    folder: PathBuf,
    target: PathBuf,
}

impl Project {
    /// A crate whose dependencies are built once for all crates of this kind.
    pub(crate) fn new(name: &str, dependencies: &str) -> Result<Self, Box<dyn Error>> {
        Self::with_target(name, dependencies, "target")
    }

    /// A crate with a target folder of its own, so that its dependencies can be built from nothing.
    pub(crate) fn alone(name: &str, dependencies: &str) -> Result<Self, Box<dyn Error>> {
        Self::with_target(name, dependencies, &format!("{name}/target"))
    }

    fn with_target(name: &str, dependencies: &str, target: &str) -> Result<Self, Box<dyn Error>> {
        let executable = std::env::current_exe()?;
        let all = executable
            .ancestors()
            .nth(2)
            .ok_or("the program lies in no target folder")?
            .join("compile_time");
        let folder = all.join(name);
        fs::create_dir_all(folder.join("src"))?;
        // The crate gets the versions of the rest of the report.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(lock, folder.join("Cargo.lock"))?;
        let manifest = format!(
            "[workspace]\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n{dependencies}\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        Ok(Self {
            name: name.to_owned(),
            folder,
            target: all.join(target),
        })
    }

    /// Writes a source file, such as `lib.rs`.
    pub(crate) fn write(&self, file: &str, source: &str) -> Result<(), Box<dyn Error>> {
        Ok(fs::write(self.folder.join("src").join(file), source)?)
    }

    /// Runs a command of cargo. The error is what the command printed.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
        let output = Command::new("cargo")
            .args(arguments)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into())
        }
    }

    /// The path of the program that a release build makes.
    pub(crate) fn program(&self) -> PathBuf {
        self.target.join("release").join(&self.name)
    }
}

/// The dependency on this library.
pub(crate) fn ours() -> String {
    let runtime = concat!(env!("CARGO_MANIFEST_DIR"), "/../resilience-runtime");
    format!("resilience = {{ package = \"resilience-runtime\", path = {runtime:?} }}")
}
