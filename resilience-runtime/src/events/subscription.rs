//! A subscription lasts until it is dropped.

use std::mem;

#[cfg(feature = "test-util")]
use super::table::Table;
use super::{event::Event, tell::SUBSCRIBERS};

/// Calls `listener` with every event of the process from now on, in the thread that causes the
/// event. [The module](super) has the rules.
///
/// ```
/// use resilience::events;
///
/// let subscription = events::subscribe(|event| println!("{event:?}"));
/// drop(subscription);
/// ```
pub fn subscribe(listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Subscription {
    // With the feature `test-util`, each scope has subscribers of its own.
    #[cfg(feature = "test-util")]
    let subscribers: &'static Table = &SUBSCRIBERS;
    #[cfg(not(feature = "test-util"))]
    let subscribers = &SUBSCRIBERS;
    Subscription {
        id: subscribers.add(Box::new(listener)),
        #[cfg(feature = "test-util")]
        subscribers,
    }
}

/// A listener is subscribed until this is dropped.
///
/// A thread that drops it tells the listener nothing afterwards. Another thread that is telling an
/// event at that moment may still call the listener with it.
#[derive(Debug)]
#[must_use = "a subscription ends when it is dropped, and this one is dropped at once"]
pub struct Subscription {
    id: u64,
    #[cfg(feature = "test-util")]
    subscribers: &'static Table,
}

impl Subscription {
    /// Keeps the listener subscribed until the process ends.
    ///
    /// ```
    /// use resilience::events;
    ///
    /// events::subscribe(|event| eprintln!("{event:?}")).forget();
    /// ```
    pub fn forget(self) {
        mem::forget(self);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        #[cfg(feature = "test-util")]
        let subscribers = self.subscribers;
        #[cfg(not(feature = "test-util"))]
        let subscribers = &SUBSCRIBERS;
        subscribers.remove(self.id);
    }
}
