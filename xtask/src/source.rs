//! The Rust files of the repository, by package.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::lexer::{Lexed, lex};
use crate::wide;

pub(crate) struct Package {
    /// The package's folder in the repository, `resilience-runtime`.
    pub(crate) name: String,
    pub(crate) files: Vec<File>,
}

pub(crate) struct File {
    /// The file's path in the repository.
    pub(crate) path: PathBuf,
    pub(crate) lines: usize,
    /// The lines with a comment that is too wide.
    pub(crate) wide_comments: Vec<usize>,
    pub(crate) source: Lexed,
}

/// Folders that hold no source that people write: the cases of the ui tests are mistakes on
/// purpose, snapshots and `target` are generated.
const SKIPPED: [&str; 4] = ["target", "ui", "snapshots", ".git"];

pub(crate) fn packages() -> io::Result<Vec<Package>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut packages = Vec::new();
    for folder in entries(&root)? {
        let mut files = Vec::new();
        if folder.is_dir() {
            read(&root, &folder, &mut files)?;
        }
        if !files.is_empty() {
            packages.push(Package {
                name: name(&folder),
                files,
            });
        }
    }
    Ok(packages)
}

fn read(root: &Path, folder: &Path, files: &mut Vec<File>) -> io::Result<()> {
    for entry in entries(folder)? {
        if entry.is_dir() {
            read(root, &entry, files)?;
        } else if entry.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&entry)?;
            let path = entry.strip_prefix(root).unwrap_or(&entry).to_owned();
            if let Some(line) = conflict(&text) {
                let place = format!("{}:{line} has a conflict marker", path.display());
                return Err(io::Error::other(place));
            }
            files.push(File {
                path,
                lines: text.lines().count(),
                wide_comments: wide::lines(&text),
                source: lex(&text),
            });
        }
    }
    Ok(())
}

/// The first line with the marker of a merge conflict. A file with one is no source.
fn conflict(text: &str) -> Option<usize> {
    let is_marker = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    text.lines().position(is_marker).map(|at| at + 1)
}

/// The entries of a folder in their order by name, without those that are skipped.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?.path();
        if !SKIPPED.contains(&name(&entry).as_str()) {
            entries.push(entry);
        }
    }
    entries.sort();
    Ok(entries)
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_a_conflict_is_found_by_its_first_marker() {
        let text = "use a::b;\n<<<<<<< HEAD\nuse a::c;\n=======\nuse a::d;\n>>>>>>> 1a2b (a: b)\n";
        assert_eq!(conflict(text), Some(2));
        assert_eq!(
            conflict("let a = 1 << 2; // <<<<<<< is no marker here\n"),
            None
        );
    }
}
