//! The user's crate that the editor has open.

use std::fs;
use std::path::{Path, PathBuf};

/// The code in front of each function.
const PRELUDE: &str = "\
#![allow(unused)]

use std::time::Duration;

use resilience::{CircuitOpen, TimedOut, circuit_breaker, retry, timeout};

const LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub enum ApiError {
    /// The service is busy.
    Busy,
    NotFound,
    CircuitOpen(CircuitOpen),
    TimedOut(TimedOut),
}

impl ApiError {
    /// True if another attempt may succeed.
    fn is_transient(&self) -> bool {
        matches!(self, Self::Busy)
    }
}

impl From<CircuitOpen> for ApiError {
    fn from(open: CircuitOpen) -> Self {
        Self::CircuitOpen(open)
    }
}

impl From<TimedOut> for ApiError {
    fn from(late: TimedOut) -> Self {
        Self::TimedOut(late)
    }
}

pub struct Page {
    body: String,
}

pub struct Client {
    limit: Duration,
}

impl Client {
    async fn fetch_page(&self, number: u32) -> Result<Page, ApiError> {
        Ok(Page { body: number.to_string() })
    }

    fn name(&self) -> String {
        String::new()
    }
}

";

/// A line and a column, from 0.
pub(crate) type Position = (usize, usize);

pub(crate) struct Service {
    folder: PathBuf,
}

impl Service {
    /// Writes the crate. It is a workspace of its own below `target`.
    pub(crate) fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let root = root.canonicalize().expect("the repository");
        let folder = root.join("target/editors/service");
        let manifest = format!(
            "[package]\nname = \"service\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             resilience = {{ package = \"resilience-runtime\", path = '{}' }}\n\n[workspace]\n",
            root.join("resilience-runtime").display()
        );
        fs::create_dir_all(folder.join("src")).expect("writable");
        fs::write(folder.join("Cargo.toml"), manifest).expect("writable");
        // The versions are those of the workspace, which are there already.
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("writable");
        fs::write(folder.join("src/lib.rs"), PRELUDE).expect("writable");
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join("src/lib.rs")
    }

    /// The file with the function at its end, and the place of `$0` in it.
    pub(crate) fn with(function: &str) -> (String, Position) {
        let (before, after) = function.split_once("$0").expect("a cursor");
        let before = format!("{PRELUDE}{before}");
        let line = before.matches('\n').count();
        let column = before
            .chars()
            .rev()
            .take_while(|char| *char != '\n')
            .count();
        (format!("{before}{after}\n"), (line, column))
    }
}
