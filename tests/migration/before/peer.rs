//! A stock service that answers as a script says. The pages have one like it in their hidden lines.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// The status of each answer, from the last request to the first.
#[derive(Debug)]
pub(crate) struct Http {
    requests: AtomicU32,
    script: Mutex<Vec<u16>>,
}

/// An answer that never comes.
pub(crate) const HANGS: u16 = 0;

impl Http {
    /// Answers as `script` says from its first status to the last one, which holds on.
    pub(crate) fn new(script: &[u16]) -> Self {
        let script = script.iter().rev().copied().collect();
        Self {
            requests: AtomicU32::new(0),
            script: Mutex::new(script),
        }
    }

    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    fn next(&self) -> u16 {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut script = self.script.lock().expect("no panic under the lock");
        match script[..] {
            [last] => last,
            _ => script.pop().expect("a status"),
        }
    }

    /// Returns the number of items, or the status of an error.
    pub(crate) async fn get(&self, sku: &str) -> Result<u32, u16> {
        match self.next() {
            200 => Ok(u32::try_from(sku.len()).expect("a short text")),
            HANGS => std::future::pending().await,
            status => Err(status),
        }
    }
}
