//! The listeners of a circuit's transitions.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    // The types are the standard library's, because loom's cannot hold a trait object, and the
    // machine does not depend on listeners.
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::{log, transition::Transition};
use crate::unwind::discard;

type Listener = Arc<dyn Fn(&Transition) + Send + Sync>;

/// The list of listeners. Most circuits have none, so the list is made for the first one.
#[derive(Default)]
pub(super) struct Listeners(OnceLock<Box<Mutex<Vec<Listener>>>>);

impl Listeners {
    pub(super) fn add(&self, listener: Listener) {
        let list = self.0.get_or_init(Box::default);
        let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
        list.push(listener);
    }

    pub(super) fn are_none(&self) -> bool {
        self.0.get().is_none()
    }

    /// Calls the listeners, the oldest first, outside the lock: a listener may add another one, or
    /// use the circuit.
    pub(super) fn tell(&self, transition: &Transition) {
        let Some(list) = self.0.get() else { return };
        let listeners = list.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for listener in listeners {
            // The panic goes no further, because the call that caused the transition must not
            // break.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| listener(transition))) {
                discard(panic);
                log::listener_panicked(transition);
            }
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").finish_non_exhaustive()
    }
}
