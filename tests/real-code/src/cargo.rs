//! Running cargo, and the compiler's messages as it hands them on.

use std::{error::Error, path::Path, process::Command};

use serde::Deserialize;

/// A message of the compiler about the crate that is looked at.
#[derive(Deserialize)]
pub(crate) struct Diagnostic {
    pub(crate) message: String,
    pub(crate) code: Option<Code>,
    pub(crate) level: String,
    pub(crate) spans: Vec<Span>,
    pub(crate) children: Vec<Diagnostic>,
    /// The text that a user reads.
    pub(crate) rendered: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Code {
    pub(crate) code: String,
}

#[derive(Deserialize)]
pub(crate) struct Span {
    pub(crate) file_name: String,
    pub(crate) byte_start: usize,
    pub(crate) byte_end: usize,
    /// True for the place of the caret, false for a label's.
    pub(crate) is_primary: bool,
    pub(crate) label: Option<String>,
    /// The macro that wrote the code of this span.
    pub(crate) expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
pub(crate) struct Expansion {
    pub(crate) span: Span,
}

impl Diagnostic {
    pub(crate) fn is_error(&self) -> bool {
        self.level.starts_with("error")
    }

    /// All spans, the primary ones first, then the labels', then those of the notes.
    pub(crate) fn all_spans(&self) -> impl Iterator<Item = &Span> {
        let primary = self.spans.iter().filter(|span| span.is_primary);
        let labels = self.spans.iter().filter(|span| !span.is_primary);
        let notes = self.children.iter().flat_map(|note| &note.spans);
        primary.chain(labels).chain(notes)
    }

    /// The message, its labels and its notes.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let labels = self.spans.iter().filter_map(|span| span.label.as_deref());
        let notes = self.children.iter().map(|note| note.message.as_str());
        std::iter::once(self.message.as_str())
            .chain(labels)
            .chain(notes)
    }
}

impl Span {
    /// This span, then the call of the macro that it comes from, and so on outwards.
    pub(crate) fn outwards(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |span| {
            span.expansion.as_deref().map(|expansion| &expansion.span)
        })
    }
}

/// Cargo's commands for one crate of the sample.
pub(crate) struct Cargo<'a> {
    /// The folder of everything that is built.
    pub(crate) root: &'a Path,
    pub(crate) manifest: &'a Path,
    pub(crate) features: &'a [&'a str],
}

impl Cargo<'_> {
    /// `cargo check` of the library alone. The messages are those about the crate itself; an error
    /// of another crate is an error of the tool.
    pub(crate) fn check(&self) -> Result<(bool, Vec<Diagnostic>), Box<dyn Error>> {
        #[derive(Deserialize)]
        struct Message {
            manifest_path: Option<std::path::PathBuf>,
            message: Option<Diagnostic>,
        }
        let output = self
            .command("check")
            .args(["--lib", "--quiet", "--message-format=json"])
            .output()?;
        let mut found = Vec::new();
        let mut elsewhere = String::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let message: Message = serde_json::from_str(line)?;
            let Some(diagnostic) = message.message else {
                continue;
            };
            if message.manifest_path.as_deref() == Some(self.manifest) {
                found.push(diagnostic);
            } else if diagnostic.is_error() {
                elsewhere.push_str(
                    diagnostic
                        .rendered
                        .as_deref()
                        .unwrap_or(&diagnostic.message),
                );
            }
        }
        let succeeded = output.status.success();
        if !succeeded && !found.iter().any(Diagnostic::is_error) {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{elsewhere}{errors}").into());
        }
        Ok((succeeded, found))
    }

    /// Runs the crate's own tests; the number that passed.
    pub(crate) fn test(&self, arguments: &[&str]) -> Result<u32, Box<dyn Error>> {
        let output = self
            .command("test")
            .args(["--quiet", "--no-fail-fast"])
            .args(arguments)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{text}{errors}").into());
        }
        let passed = text.lines().filter_map(|line| {
            let rest = line.strip_prefix("test result: ok. ")?;
            rest.split(' ').next()?.parse::<u32>().ok()
        });
        Ok(passed.sum())
    }

    fn command(&self, subcommand: &str) -> Command {
        let mut command = command(self.root);
        command
            .arg(subcommand)
            .arg("--manifest-path")
            .arg(self.manifest);
        if !self.features.is_empty() {
            command.arg("--features").arg(self.features.join(","));
        }
        command
    }
}

/// A cargo that builds into one folder for all crates. No lint is an error, whatever a crate denies
/// or forbids.
pub(crate) fn command(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command
        .current_dir(root)
        .env("CARGO_TARGET_DIR", root.join("build"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_TEST_DEBUG", "0")
        .env("CARGO_TERM_COLOR", "never")
        .env("RUSTFLAGS", "--cap-lints warn");
    command
}
