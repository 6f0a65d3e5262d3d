//! The listeners of a circuit's transitions.

use std::{
    fmt,
    // The type is the standard library's, because loom's cannot hold a trait object, and the
    // machine does not depend on listeners.
    sync::Arc,
};

use super::{log, transition::Transition};
use crate::{
    events::{self, call_listener},
    reports::ReportLimit,
    unwind::quietly,
};

struct Listener {
    callback: Box<dyn Fn(&Transition) + Send + Sync>,
    slow_reports: ReportLimit,
}

/// The listeners, the oldest first. They are cloned under the lock and called outside of it.
#[derive(Clone, Default)]
pub(super) struct Listeners(Vec<Arc<Listener>>);

impl Listeners {
    pub(super) fn add(&mut self, callback: Box<dyn Fn(&Transition) + Send + Sync>) {
        self.0.push(Arc::new(Listener {
            callback,
            slow_reports: ReportLimit::new(),
        }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls the listeners. A listener may add another one, or use the circuit.
    pub(super) fn tell(&self, transition: &Transition) {
        for listener in &self.0 {
            let call = || (listener.callback)(transition);
            if let Some(fault) = call_listener(&listener.slow_reports, call) {
                // A subscriber of the log that panics breaks no call, because the call has nothing
                // to do with the listener.
                quietly(|| log::listener_is_at_fault(transition, fault));
                events::emit_fault(fault);
            }
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").finish_non_exhaustive()
    }
}
