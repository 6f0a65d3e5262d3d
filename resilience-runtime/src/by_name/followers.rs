//! Those who are told of each shared thing that comes into the registry or goes.

use std::{
    fmt,
    // The types are the standard library's, because loom's cannot be statics.
    sync::{Arc, PoisonError, RwLock},
};

use crate::unwind::quietly;

/// The followers of one kind of thing.
pub(crate) struct Followers<F: ?Sized>(RwLock<Vec<Arc<F>>>);

impl<F: ?Sized + Send + Sync> Followers<F> {
    pub(crate) const fn new() -> Self {
        Self(RwLock::new(Vec::new()))
    }

    /// Adds a follower. The caller tells it of the things that are there already.
    pub(crate) fn begin(&'static self, follower: &Arc<F>) -> Following {
        self.add(follower);
        let follower = Arc::clone(follower);
        Following::until(move || self.end(&follower))
    }

    /// Adds a follower of a thing that may end, see [`begin`](Self::begin).
    pub(crate) fn add(&self, follower: &Arc<F>) {
        let mut followers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        followers.push(Arc::clone(follower));
    }

    pub(crate) fn end(&self, follower: &Arc<F>) {
        let mut followers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let at = followers.iter().position(|it| Arc::ptr_eq(it, follower));
        let removed = at.map(|at| followers.swap_remove(at));
        // The follower is other people's code, so it is dropped outside of the lock.
        drop(followers);
        drop(removed);
    }

    /// The first answer of a follower.
    pub(crate) fn ask<R>(&self, question: impl Fn(&F) -> Option<R>) -> Option<R> {
        let mut answer = None;
        for follower in self.now() {
            quietly(|| answer = question(&*follower));
            if answer.is_some() {
                break;
            }
        }
        answer
    }

    pub(crate) fn tell(&self, message: &dyn Fn(&F)) {
        for follower in self.now() {
            quietly(|| message(&*follower));
        }
    }

    /// The present followers. The handles are copied, so that no follower runs under the lock.
    fn now(&self) -> Vec<Arc<F>> {
        let followers = self.0.read();
        followers.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Ends the notices to a follower when it is dropped.
#[must_use = "the follower is told nothing more as soon as this is dropped"]
pub struct Following(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Following {
    /// A value whose drop calls `end`.
    pub(crate) fn until(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl<F: ?Sized> fmt::Debug for Followers<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Followers")
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Following")
    }
}
