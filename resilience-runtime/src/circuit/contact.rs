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
/// While there is no contact, each circuit decides alone, as it does without a fleet. Clones are the
/// same contact. It begins lost.
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
    pub(super) fn fleet(&self) -> &str {
        &self.shared.fleet
    }

    /// True if the store can be reached.
    pub fn is_held(&self) -> bool {
        self.shared.is_held.load(Ordering::Acquire)
    }

    /// Notes that the store cannot be reached. From now on each circuit decides alone.
    ///
    /// The first call after the contact was held, or was never held, gives the event
    /// [`FleetDegraded`](EventKind::FleetDegraded) and a WARN. `cause` is a kind of error and no text of
    /// one, because a text may hold a secret.
    pub fn lost(&self, cause: &'static str) {
        let Shared {
            fleet,
            is_held,
            is_told,
        } = &*self.shared;
        is_held.store(false, Ordering::Release);
        if is_told.swap(true, Ordering::AcqRel) {
            return;
        }
        log::fleet_degraded(fleet, cause);
        events::emit(None, || EventKind::FleetDegraded { fleet, cause });
    }

    /// Notes that the store can be reached.
    ///
    /// If the program was told that the contact is lost, this gives the event
    /// [`FleetRestored`](EventKind::FleetRestored) and a line of the log.
    pub fn restored(&self) {
        let Shared {
            fleet,
            is_held,
            is_told,
        } = &*self.shared;
        is_held.store(true, Ordering::Release);
        if is_told.swap(false, Ordering::AcqRel) {
            log::fleet_restored(fleet);
            events::emit(None, || EventKind::FleetRestored { fleet });
        }
    }

    /// Notes that the program is no longer in the fleet, without an event.
    pub fn left(&self) {
        self.shared.is_held.store(false, Ordering::Release);
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
