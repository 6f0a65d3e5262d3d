//! Loom runs every interleaving of a few threads over a table of subscriptions.

use std::{sync::Arc, time::SystemTime};

use loom::{
    sync::{
        Arc as LoomArc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{
    event::{Event, EventKind},
    table::Table,
};

const EVENT: Event<'_> = Event {
    at: SystemTime::UNIX_EPOCH,
    operation: None,
    kind: EventKind::Abandoned,
};

fn tell(table: &Table) {
    if table.is_used() {
        for subscriber in table.subscribers().iter() {
            subscriber.tell(&EVENT);
        }
    }
}

fn add_counter(table: &Table) -> (u64, Arc<std::sync::atomic::AtomicUsize>) {
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let id = table.add(Box::new(move |_| {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }));
    (id, count)
}

fn count(counter: &std::sync::atomic::AtomicUsize) -> usize {
    counter.load(std::sync::atomic::Ordering::Relaxed)
}

/// A listener that was there before the event hears of it, whoever comes and goes meanwhile.
#[test]
fn loom_a_subscriber_misses_no_event_while_others_come_and_go() {
    loom::model(|| {
        let table = LoomArc::new(Table::new());
        let (_, stays) = add_counter(&table);
        let (leaves, _) = add_counter(&table);
        let coming = {
            let table = LoomArc::clone(&table);
            thread::spawn(move || add_counter(&table))
        };
        let leaving = {
            let table = LoomArc::clone(&table);
            thread::spawn(move || table.remove(leaves))
        };
        tell(&table);
        let (_, comes) = coming.join().expect("no model panics in a thread");
        leaving.join().expect("no model panics in a thread");
        assert_eq!(count(&stays), 1);
        assert!(count(&comes) <= 1);
        // Both of them are seen by now, because their threads have ended.
        let before = count(&comes);
        tell(&table);
        assert_eq!((count(&stays), count(&comes)), (2, before + 1));
    });
}

/// The word that stands for "there is a subscriber" never disagrees with the list for good.
#[test]
fn loom_the_last_to_leave_turns_the_light_off() {
    loom::model(|| {
        let table = LoomArc::new(Table::new());
        let (first, _) = add_counter(&table);
        let leaving = {
            let table = LoomArc::clone(&table);
            thread::spawn(move || table.remove(first))
        };
        let (second, counter) = add_counter(&table);
        leaving.join().expect("no model panics in a thread");
        tell(&table);
        assert_eq!(count(&counter), 1);
        table.remove(second);
        assert!(!table.is_used());
        tell(&table);
        assert_eq!(count(&counter), 1);
    });
}

/// A listener that ended its subscription is told nothing by a thread that knows of the end.
#[test]
fn loom_nothing_is_told_after_the_end_of_a_subscription() {
    loom::model(|| {
        let table = LoomArc::new(Table::new());
        let (id, counter) = add_counter(&table);
        let (ended, seen) = (
            LoomArc::new(AtomicUsize::new(0)),
            LoomArc::new(Mutex::new(None)),
        );
        let telling = {
            let (table, ended, seen) = (table.clone(), ended.clone(), seen.clone());
            let counter = Arc::clone(&counter);
            thread::spawn(move || {
                if ended.load(Ordering::Acquire) == 1 {
                    let before = count(&counter);
                    tell(&table);
                    *seen.lock().expect("no model panics under it") =
                        Some(count(&counter) - before);
                } else {
                    tell(&table);
                }
            })
        };
        table.remove(id);
        ended.store(1, Ordering::Release);
        telling.join().expect("no model panics in a thread");
        let told_after_the_end = *seen.lock().expect("no model panics under it");
        assert!(matches!(told_after_the_end, None | Some(0)));
    });
}
