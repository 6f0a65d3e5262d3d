//! Follows a file. It is asked in an interval, because the notifications of an operating system
//! miss the swap of a link, by which Kubernetes changes a mounted file.

// The locks are the standard library's, because loom's cannot be statics.
use std::{
    collections::BTreeSet,
    fmt, fs, io,
    path::{self, Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use super::load::{apply, refused};
use super::read::{Fingerprint, read};
use crate::file::{ConfigErrors, ConfigFault};
#[cfg(feature = "test-util")]
use crate::scope::Carried;
use crate::scope::per_scope;

/// A shorter interval would keep a processor busy.
const SHORTEST: Duration = Duration::from_millis(10);

per_scope! {
    /// The files that are followed.
    static WATCHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
}

/// Follows a configuration file until it is dropped. [`watch`](super::watch) makes it.
#[must_use = "the file is not followed any more when the watch is dropped"]
pub struct Watch {
    path: PathBuf,
    end: Arc<End>,
    thread: Option<JoinHandle<()>>,
    _registered: Registered,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Watch {
    /// The path of the file, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end.now();
        let Some(thread) = self.thread.take() else {
            return;
        };
        // A listener of an event may drop the watch in the thread of the watch itself.
        if thread.thread().id() != thread::current().id() {
            let _ = thread.join();
        }
    }
}

/// Takes the file off the list when it is dropped.
struct Registered {
    path: PathBuf,
    /// A watch may be dropped outside of the scope that it began in.
    watched: &'static Mutex<BTreeSet<PathBuf>>,
}

impl Registered {
    fn new(path: &Path) -> Result<Self, ConfigErrors> {
        let absolute = path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let watched: &'static Mutex<_> = &WATCHED;
        let mut files = lock(watched);
        if !files.iter().any(|other| is_same_file(other, &absolute)) {
            files.insert(absolute.clone());
            return Ok(Self {
                path: absolute,
                watched,
            });
        }
        let message = "the file is watched already: keep one of the two watches".to_owned();
        Err(ConfigFault::of_file(&path.to_string_lossy(), message).into())
    }
}

/// True if both paths lead to one file now. A path is the same file also while nothing is there,
/// or while a mount is swapped.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let end = |path| fs::canonicalize(path).ok();
    one == other || end(one).is_some_and(|file| end(other) == Some(file))
}

impl Drop for Registered {
    fn drop(&mut self) {
        lock(self.watched).remove(&self.path);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The end of a watch.
#[derive(Default)]
struct End {
    has_come: Mutex<bool>,
    changed: Condvar,
}

impl End {
    fn now(&self) {
        *lock(&self.has_come) = true;
        self.changed.notify_all();
    }

    /// Waits for so long, and returns true if the end has come.
    fn comes_within(&self, time: Duration) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(lock(&self.has_come), time, |has_come| !*has_come);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Loads the file now, and again when its content changes.
pub(super) fn watch(path: &Path, interval: Duration) -> Result<Watch, ConfigErrors> {
    let name = path.to_string_lossy().into_owned();
    if interval < SHORTEST {
        let message =
            format!("the interval of a watch must be at least {SHORTEST:?}, not {interval:?}");
        return Err(ConfigFault::of_file(&name, message).into());
    }
    let registered = Registered::new(path)?;
    let end = Arc::new(End::default());
    // The thread is there before the file is applied, because a watch that fails changes nothing.
    let (send, begun) = mpsc::channel();
    let thread = follow(begun, Arc::clone(&end), interval).map_err(|error| {
        let message = format!("the file cannot be watched: {error}");
        refused(ConfigFault::of_file(&name, message).into())
    })?;
    // The thread ends by itself if there is nothing to follow.
    let _ = send.send(Follower::begin(path)?);
    Ok(Watch {
        path: path.to_owned(),
        end,
        thread: Some(thread),
        _registered: registered,
    })
}

/// Starts the thread that follows the file, in the scope of a test that the caller runs in.
fn follow(
    begun: mpsc::Receiver<Follower>,
    end: Arc<End>,
    interval: Duration,
) -> io::Result<JoinHandle<()>> {
    #[cfg(feature = "test-util")]
    let scope = Carried::captured();
    let builder = thread::Builder::new().name("resilience-config".to_owned());
    builder.spawn(move || {
        #[cfg(feature = "test-util")]
        let _entered = scope.enter();
        let Ok(mut follower) = begun.recv() else {
            return;
        };
        while !end.comes_within(interval) {
            follower.poll();
        }
    })
}

/// The content that was seen last.
struct Follower {
    path: PathBuf,
    fingerprint: Fingerprint,
    /// `None` for a file that could not be read.
    text: Option<String>,
}

impl Follower {
    fn begin(path: &Path) -> Result<Self, ConfigErrors> {
        let (text, fingerprint) = read(path).map_err(refused)?;
        apply(&path.to_string_lossy(), text.clone())?;
        Ok(Self {
            path: path.to_owned(),
            fingerprint,
            text: Some(text),
        })
    }

    /// Applies the file if its content is another one. A refused content is told of once, and the
    /// next one is tried again.
    fn poll(&mut self) {
        // A file that could not be read is tried each time: it may have been completed since, or
        // its permissions may have changed, which is no mark.
        if self.text.is_some() && self.fingerprint == Fingerprint::of(&self.path) {
            return;
        }
        match read(&self.path) {
            Ok((text, fingerprint)) => {
                self.fingerprint = fingerprint;
                if self.text.as_ref() != Some(&text) {
                    self.text = Some(text.clone());
                    // The faults are told of in the log and as an event.
                    let _ = apply(&self.path.to_string_lossy(), text);
                }
            }
            Err(errors) => {
                self.text = None;
                let _ = refused(errors);
            }
        }
    }
}
