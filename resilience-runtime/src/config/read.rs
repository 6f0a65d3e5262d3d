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
    let settled = settled(|| Fingerprint::of(path), || read_once(path));
    settled.map_err(fault)?.ok_or_else(|| {
        let message =
            "the file changes while it is read: write it under another name and rename it";
        fault(message.to_owned())
    })
}

/// Reads until two readings give the same text between the same marks. Marks alone are not enough,
/// because the times of a file system are coarse: a file that is written twice within a few
/// milliseconds may have one time and one size. `None` if the text never settles.
///
/// A writer that stops in the middle leaves a file that looks whole. Only a file that is written
/// under another name and renamed is never seen in part.
fn settled<M: PartialEq>(
    marks: impl Fn() -> M,
    mut reading: impl FnMut() -> Result<String, String>,
) -> Result<Option<(String, M)>, String> {
    for _ in 0..READINGS {
        let before = marks();
        let text = reading()?;
        if text == reading()? && before == marks() {
            return Ok(Some((text, before)));
        }
    }
    Ok(None)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// The text that is read after so many readings changed it.
    fn changing(changes: u32) -> impl FnMut() -> Result<String, String> {
        let mut readings = 0;
        move || {
            readings += 1;
            Ok(changes.min(readings).to_string())
        }
    }

    #[test]
    fn a_text_that_settles_is_read_and_one_that_does_not_is_refused() {
        for (changes, expected) in [(0, Some("0")), (1, Some("1")), (2, Some("2"))] {
            let read = settled(|| (), changing(changes)).unwrap();
            assert_eq!(read.map(|(text, ())| text).as_deref(), expected);
        }
        assert_eq!(settled(|| (), changing(u32::MAX)), Ok(None));
    }

    #[test]
    fn marks_that_change_between_equal_texts_are_a_change() {
        let number = Cell::new(0);
        let marks = || number.replace(number.get() + 1);
        assert_eq!(settled(marks, changing(0)), Ok(None));
    }
}
