//! Reads a file, or says why it cannot be read.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::file::{ConfigErrors, ConfigFault};

/// A larger file is refused, because it is surely another one.
const LARGEST: u64 = 1 << 20;

/// A file that changes while it is read is read again, so many times.
const READINGS: usize = 5;

/// The marks by which another content of a file is seen without reading it. Kubernetes replaces a
/// mounted file by another link, so the path that the links lead to is one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    path: Option<PathBuf>,
    inode: u64,
    size: u64,
    modified: Option<SystemTime>,
}

impl Fingerprint {
    /// The marks of the file now. A file that is missing has some, too.
    pub(super) fn of(path: &Path) -> Self {
        let metadata = fs::metadata(path);
        Self {
            path: fs::canonicalize(path).ok(),
            inode: metadata.as_ref().map_or(0, inode),
            size: metadata.as_ref().map_or(0, fs::Metadata::len),
            modified: metadata.ok().and_then(|metadata| metadata.modified().ok()),
        }
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// The text of the file, with the marks that it had before and after the reading.
pub(super) fn read(path: &Path) -> Result<(String, Fingerprint), ConfigErrors> {
    let name = path.to_string_lossy();
    let fault = |message: String| ConfigErrors::from(ConfigFault::of_file(&name, message));
    for _ in 0..READINGS {
        let before = Fingerprint::of(path);
        let text = read_once(path).map_err(fault)?;
        if before == Fingerprint::of(path) {
            return Ok((text, before));
        }
    }
    Err(fault(
        "the file changes while it is read: write it under another name and rename it".to_owned(),
    ))
}

fn read_once(path: &Path) -> Result<String, String> {
    let metadata = fs::metadata(path).map_err(|error| cannot_read(&error))?;
    if metadata.is_dir() {
        return Err("the file cannot be read: it is a directory".to_owned());
    }
    if !metadata.is_file() {
        return Err("the file cannot be read: it is no regular file".to_owned());
    }
    let file = File::open(path).map_err(|error| cannot_read(&error))?;
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| cannot_read(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err("the file is larger than 1 MiB, which no configuration is".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let line = before.matches('\n').count() + 1;
        format!("the file is no UTF-8: line {line} has a byte that is none")
    })
}

fn cannot_read(error: &std::io::Error) -> String {
    format!("the file cannot be read: {error}")
}
