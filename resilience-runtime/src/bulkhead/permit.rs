//! The permits of a bulkhead.

use std::{
    fmt,
    mem,
    // The standard library's, as in the handle.
    sync::Arc,
};

use super::shared::Shared;

/// A slot of a bulkhead. It is free again when this is dropped, also if the thread panics.
///
/// [`Bulkhead::acquire`](crate::Bulkhead::acquire) and
/// [`acquire_async`](crate::Bulkhead::acquire_async) return it.
#[must_use = "the slot is free again when the permit is dropped"]
pub struct BulkheadPermit<'b> {
    shared: &'b Arc<Shared>,
}

impl<'b> BulkheadPermit<'b> {
    /// The caller has taken a slot.
    #[inline]
    pub(super) fn new(shared: &'b Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Turns the permit into one that borrows nothing, to be moved to another task or thread.
    ///
    /// ```
    /// use resilience::{Bulkhead, BulkheadConfig};
    ///
    /// let pool = Bulkhead::new("pool", BulkheadConfig::new(1));
    /// let permit = pool.acquire()?.into_owned();
    /// std::thread::spawn(move || drop(permit)).join().unwrap();
    /// assert_eq!(pool.stats().in_use, 0);
    /// # Ok::<(), resilience::BulkheadFull>(())
    /// ```
    pub fn into_owned(self) -> OwnedBulkheadPermit {
        let shared = Arc::clone(self.shared);
        // The slot goes over to the owned permit.
        mem::forget(self);
        OwnedBulkheadPermit { shared }
    }
}

impl Drop for BulkheadPermit<'_> {
    #[inline]
    fn drop(&mut self) {
        self.shared.release();
    }
}

impl fmt::Debug for BulkheadPermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "BulkheadPermit", self.shared)
    }
}

/// A slot of a bulkhead that borrows nothing. It is free again when this is dropped.
///
/// [`BulkheadPermit::into_owned`] returns it.
#[must_use = "the slot is free again when the permit is dropped"]
pub struct OwnedBulkheadPermit {
    shared: Arc<Shared>,
}

impl Drop for OwnedBulkheadPermit {
    fn drop(&mut self) {
        self.shared.release();
    }
}

impl fmt::Debug for OwnedBulkheadPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "OwnedBulkheadPermit", &self.shared)
    }
}

fn show(f: &mut fmt::Formatter<'_>, ty: &str, shared: &Shared) -> fmt::Result {
    f.debug_struct(ty)
        .field("bulkhead", &&*shared.name)
        .finish()
}
