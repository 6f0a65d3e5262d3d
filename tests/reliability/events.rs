//! Six threads work one circuit while subscribers come and go. The events equal the statistics, and
//! the changes arrive as one chain.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use resilience::{
    CircuitBreakerConfig, CircuitState,
    events::{self, Event, EventKind, Subscription},
    registry,
};

const NAME: &str = "reliability::events";
const THREADS: u64 = 6;
const CALLS: u64 = 4_000;

/// Closes, opens and probes as often as the threads can make it.
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(3)
    .success_threshold(2)
    .half_open_max_calls(2)
    .recovery_timeout(Duration::from_micros(50));

#[derive(Debug)]
struct Change {
    from: CircuitState,
    to: CircuitState,
    generation: u64,
}

#[derive(Default)]
struct Heard {
    changes: Mutex<Vec<Change>>,
    refused: AtomicU64,
    commands: AtomicU64,
    registered: AtomicU64,
}

impl Heard {
    fn hear(&self, event: &Event<'_>) {
        match event.kind {
            EventKind::StateChanged {
                circuit: NAME,
                from,
                to,
                generation,
                ..
            } => self.changes.lock().unwrap().push(Change {
                from,
                to,
                generation,
            }),
            EventKind::Refused { circuit: NAME, .. } => count(&self.refused),
            EventKind::Command { circuit: NAME, .. } => count(&self.commands),
            EventKind::Registered { circuit: NAME, .. } => count(&self.registered),
            _ => {}
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn subscribe() -> (Arc<Heard>, Subscription) {
    let heard = Arc::new(Heard::default());
    let listening = Arc::clone(&heard);
    (heard, events::subscribe(move |event| listening.hear(event)))
}

fn call(thread: u64, call: u64) {
    let breaker = registry::get(NAME).expect("it was registered");
    // The calls fail for a while and succeed for a while.
    let fails = (call / 7 + thread) % 3 == 0;
    let _ = breaker.call(|| {
        if fails {
            Err(io::Error::other("down"))
        } else {
            Ok(())
        }
    });
    match call % 500 {
        17 => breaker.trip(),
        18 => breaker.reset(),
        _ => {}
    }
}

#[test]
fn events_equal_the_statistics_and_changes_are_one_chain() {
    let (heard, subscription) = subscribe();
    let breaker = registry::get_or_register(NAME, CONFIG);
    // This one has the same circuit told in another way.
    let transitions = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&transitions);
    breaker.on_transition(move |_| count(&counted));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for i in 0..CALLS {
                    call(thread, i);
                    if i % 64 == thread {
                        // Its neighbours are told while it comes and goes.
                        drop(events::subscribe(|_| {}));
                    }
                }
            });
        }
    });
    drop(subscription);

    let stats = breaker.stats();
    let changes = heard.changes.lock().unwrap();
    let to = |state| changes.iter().filter(|change| change.to == state).count() as u64;
    assert_eq!(
        [
            CircuitState::Open,
            CircuitState::HalfOpen,
            CircuitState::Closed
        ]
        .map(to),
        [stats.opened, stats.half_opened, stats.closed]
    );
    assert!(
        stats.opened > 10 && stats.closed > 10,
        "the soak moved the circuit: {stats:?}"
    );
    assert_eq!(heard.refused.load(Ordering::Relaxed), stats.refused);
    assert_eq!(
        heard.commands.load(Ordering::Relaxed),
        THREADS * CALLS / 500 * 2
    );
    assert_eq!(heard.registered.load(Ordering::Relaxed), 1);
    assert_eq!(transitions.load(Ordering::Relaxed), changes.len() as u64);

    assert_eq!(changes[0].from, CircuitState::Closed);
    for pair in changes.windows(2) {
        assert_eq!(pair[0].to, pair[1].from, "{pair:?}");
        assert!(pair[0].generation < pair[1].generation, "{pair:?}");
    }
    let latest = &changes[changes.len() - 32..];
    let history: Vec<_> = registry::history(NAME)
        .iter()
        .map(|past| (past.from, past.to))
        .collect();
    assert_eq!(
        history,
        latest
            .iter()
            .map(|change| (change.from, change.to))
            .collect::<Vec<_>>()
    );
}
