//! The contact of a process with the store that its fleet shares.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::log;
use crate::events::{self, EventKind};

/// Tells the circuits of a process if the store of their fleet can be reached.
///
/// While there is no contact, each circuit decides alone, as it does without a fleet. Clones are
/// the same contact. It begins lost.
///
/// ```
/// use resilience::fleet::StoreContact;
///
/// let contact = StoreContact::new("orders-prod");
/// assert!(!contact.is_held());
/// contact.restored();
/// assert!(contact.is_held());
/// ```
#[derive(Clone)]
pub struct StoreContact {
    shared: Arc<Shared>,
}

struct Shared {
    fleet: String,
    is_held: AtomicBool,
    /// The program was told that the contact is lost.
    is_told: AtomicBool,
}

impl StoreContact {
    /// A contact of the fleet of that name, which is not held yet.
    pub fn new(fleet: impl Into<String>) -> Self {
        Self {
            shared: Arc::new(Shared {
                fleet: fleet.into(),
                is_held: AtomicBool::new(false),
                is_told: AtomicBool::new(false),
            }),
        }
    }

    /// The name of the fleet.
    pub fn fleet(&self) -> &str {
        &self.shared.fleet
    }

    /// True if the store can be reached.
    pub fn is_held(&self) -> bool {
        self.shared.is_held.load(Ordering::Acquire)
    }

    /// Notes that the store cannot be reached, and tells the program of it:
    /// [`set_held`](Self::set_held) and [`tell_lost`](Self::tell_lost).
    pub fn lost(&self, cause: &'static str) {
        self.set_held(false);
        self.tell_lost(cause);
    }

    /// Notes that the store can be reached, and tells the program of it:
    /// [`set_held`](Self::set_held) and [`tell_restored`](Self::tell_restored).
    pub fn restored(&self) {
        self.set_held(true);
        self.tell_restored();
    }

    /// Notes if the store can be reached, and calls nobody. Each circuit decides alone from now on
    /// if it cannot.
    ///
    /// It is for a thread that calls wait for, because a listener of an event may block its thread.
    /// Another thread then tells the program.
    ///
    /// ```
    /// use resilience::fleet::StoreContact;
    ///
    /// let contact = StoreContact::new("orders-prod");
    /// contact.set_held(true);
    /// let other = contact.clone();
    /// std::thread::spawn(move || other.tell_restored()).join().unwrap();
    /// assert!(contact.is_held());
    /// ```
    pub fn set_held(&self, is_held: bool) {
        self.shared.is_held.store(is_held, Ordering::Release);
    }

    /// Gives the event [`FleetDegraded`](EventKind::FleetDegraded) and a WARN, if this is the first
    /// call after the contact was restored, or the first of all. `cause` is a kind of error and no
    /// text of one, because a text may hold a secret.
    pub fn tell_lost(&self, cause: &'static str) {
        let Shared { fleet, is_told, .. } = &*self.shared;
        if is_told.swap(true, Ordering::AcqRel) {
            return;
        }
        log::fleet_degraded(fleet, cause);
        events::emit(None, || EventKind::FleetDegraded { fleet, cause });
    }

    /// Gives the event [`FleetRestored`](EventKind::FleetRestored) and a line of the log, if the
    /// program was told that the contact is lost.
    pub fn tell_restored(&self) {
        let Shared { fleet, is_told, .. } = &*self.shared;
        if is_told.swap(false, Ordering::AcqRel) {
            log::fleet_restored(fleet);
            events::emit(None, || EventKind::FleetRestored { fleet });
        }
    }

    /// Notes that the program is no longer in the fleet, without an event.
    pub fn left(&self) {
        self.set_held(false);
    }
}

impl fmt::Debug for StoreContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreContact")
            .field("fleet", &self.shared.fleet)
            .field("is_held", &self.is_held())
            .finish_non_exhaustive()
    }
}
