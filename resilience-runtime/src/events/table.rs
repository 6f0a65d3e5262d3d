//! The subscriptions: they come and go while events are told.

use std::{
    fmt,
    // The type is the standard library's, because loom's cannot hold a slice or a trait object.
    sync::{Arc, PoisonError},
};

use super::{
    event::Event,
    guard::{Fault, call_listener},
};
use crate::{
    reports::ReportLimit,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    unwind::discard,
};

type Listener = dyn Fn(&Event<'_>) + Send + Sync;

/// A listener in the table.
pub(super) struct Subscriber {
    id: u64,
    /// False as soon as its subscription has ended. A thread that is telling an event may still
    /// hold it.
    is_subscribed: AtomicBool,
    slow_reports: ReportLimit,
    listener: Box<Listener>,
}

impl Subscriber {
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Tells the event, unless the subscription has ended.
    pub(super) fn tell(&self, event: &Event<'_>) -> Option<Fault> {
        if self.is_subscribed.load(Ordering::Acquire) {
            call_listener(&self.slow_reports, || (self.listener)(event))
        } else {
            None
        }
    }
}

type Subscribers = Arc<[Arc<Subscriber>]>;

/// The subscribers, in the order in which they came.
///
/// The list is replaced as a whole, so that an event is told without the lock.
pub(super) struct Table {
    /// True if there is a subscriber. This is all that an event costs without one.
    is_used: AtomicBool,
    entries: Mutex<Entries>,
}

struct Entries {
    next_id: u64,
    /// `None` if there is no subscriber.
    subscribers: Option<Subscribers>,
}

impl Table {
    #[cfg(not(all(test, loom)))]
    pub(super) const fn new() -> Self {
        Self {
            is_used: AtomicBool::new(false),
            entries: Mutex::new(Entries::NONE),
        }
    }

    // The primitives of loom are not made in a constant.
    #[cfg(all(test, loom))]
    pub(super) fn new() -> Self {
        Self {
            is_used: AtomicBool::new(false),
            entries: Mutex::new(Entries::NONE),
        }
    }

    /// True if there is a subscriber. A thread sees its own subscriptions and those that it was
    /// told of, so the load is relaxed.
    #[inline]
    pub(super) fn is_used(&self) -> bool {
        self.is_used.load(Ordering::Relaxed)
    }

    /// The subscribers as they are now.
    pub(super) fn subscribers(&self) -> Snapshot {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Snapshot(entries.subscribers.clone())
    }

    /// Adds a listener behind the others and returns its number.
    pub(super) fn add(&self, listener: Box<Listener>) -> u64 {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let id = entries.next_id;
        entries.next_id += 1;
        let added = Arc::new(Subscriber {
            id,
            is_subscribed: AtomicBool::new(true),
            slow_reports: ReportLimit::new(),
            listener,
        });
        let mut all = entries.all().to_vec();
        all.push(added);
        // An event that is being told holds the old list, or nobody does. Either way it holds no
        // listener alone, so nothing of the user's is dropped under the lock.
        entries.subscribers = Some(all.into());
        self.is_used.store(true, Ordering::Relaxed);
        id
    }

    /// Removes the listener with that number. In this thread it is told nothing from now on.
    pub(super) fn remove(&self, id: u64) {
        let removed = {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            let mut others = entries.all().to_vec();
            let at = others.iter().position(|subscriber| subscriber.id == id);
            let removed = at.map(|at| others.remove(at));
            self.is_used.store(!others.is_empty(), Ordering::Relaxed);
            entries.subscribers = (!others.is_empty()).then(|| others.into());
            removed
        };
        if let Some(removed) = removed {
            removed.is_subscribed.store(false, Ordering::Release);
            // This may drop what the listener captured.
            discard(removed);
        }
    }
}

impl Entries {
    const NONE: Self = Self {
        next_id: 0,
        subscribers: None,
    };

    fn all(&self) -> &[Arc<Subscriber>] {
        self.subscribers.as_deref().unwrap_or_default()
    }
}

/// The subscribers at one moment.
///
/// One of them may have left since then. Its listener is then dropped with the snapshot, and a
/// panic of that drop goes no further.
pub(super) struct Snapshot(Option<Subscribers>);

impl Snapshot {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Subscriber> {
        let all = self.0.as_deref().unwrap_or_default();
        all.iter().map(|one| &**one)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        discard(self.0.take());
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::{
        panic::{catch_unwind, panic_any},
        sync::Mutex as StdMutex,
        time::SystemTime,
    };

    use super::*;
    use crate::events::EventKind;

    const EVENT: Event<'_> = Event {
        at: SystemTime::UNIX_EPOCH,
        operation: Some("fetch"),
        kind: EventKind::Abandoned,
    };

    fn tell(table: &Table) -> Vec<u64> {
        let subscribers = table.subscribers();
        for one in subscribers.iter() {
            // A busy machine may make any listener slow.
            assert_ne!(one.tell(&EVENT), Some(Fault::Panicked));
        }
        subscribers.iter().map(Subscriber::id).collect()
    }

    #[test]
    fn listeners_are_told_in_the_order_of_their_subscriptions() {
        let table = Table::new();
        let told = Arc::new(StdMutex::new(Vec::new()));
        let add = |name: &'static str| {
            let told = Arc::clone(&told);
            table.add(Box::new(move |_| told.lock().unwrap().push(name)))
        };
        let [first, second, third] = ["first", "second", "third"].map(add);
        assert_eq!(tell(&table), [first, second, third]);
        table.remove(second);
        let fourth = add("fourth");
        assert_eq!(tell(&table), [first, third, fourth]);
        assert_eq!(
            *told.lock().unwrap(),
            ["first", "second", "third", "first", "third", "fourth"]
        );
    }

    #[test]
    fn it_is_used_while_there_is_a_subscriber() {
        let table = Table::new();
        assert!(!table.is_used());
        let ids = [(); 2].map(|()| table.add(Box::new(|_| ())));
        assert!(table.is_used());
        table.remove(ids[0]);
        assert!(table.is_used());
        table.remove(ids[1]);
        assert!(!table.is_used());
        table.remove(ids[1]);
        assert_eq!(tell(&table), [0_u64; 0]);
    }

    #[test]
    fn a_listener_that_left_is_not_told_by_a_thread_that_holds_it() {
        let table = Table::new();
        let told = Arc::new(StdMutex::new(0));
        let count = Arc::clone(&told);
        let id = table.add(Box::new(move |_| *count.lock().unwrap() += 1));
        let held = table.subscribers();
        table.remove(id);
        for subscriber in held.iter() {
            assert_eq!(subscriber.tell(&EVENT), None);
        }
        assert_eq!(*told.lock().unwrap(), 0);
    }

    #[test]
    fn what_a_listener_captured_may_panic_in_its_drop() {
        struct PanicsInDrop;
        impl Drop for PanicsInDrop {
            fn drop(&mut self) {
                panic_any("expected");
            }
        }
        let table = Table::new();
        let add = || {
            let captured = PanicsInDrop;
            table.add(Box::new(move |_| {
                let _ = &captured;
            }))
        };
        let caught = catch_unwind(std::panic::AssertUnwindSafe(|| {
            table.remove(add());
            let id = add();
            let held = table.subscribers();
            table.remove(id);
            drop(held);
        }));
        assert!(caught.is_ok());
    }
}
