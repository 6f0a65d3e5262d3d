//! Six threads work one circuit while subscribers come and go. The events equal the statistics, and
//! the changes arrive as one chain. A thread that tells them is not held up by those that make
//! them.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState,
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

/// A call once told the changes of another thread for as long as that thread made some.
#[test]
fn a_call_returns_although_another_thread_changes_the_circuit_all_the_time() {
    const QUEUED: usize = 5_000;
    let breaker = CircuitBreaker::new("changing", CONFIG);
    let made = Arc::new(AtomicUsize::new(0));
    let told = Arc::new(Mutex::new(Vec::new()));
    let is_telling = Arc::new(AtomicBool::new(false));
    breaker.on_transition({
        let (made, told) = (Arc::clone(&made), Arc::clone(&told));
        let is_telling = Arc::clone(&is_telling);
        move |transition| {
            told.lock().unwrap().push((transition.from, transition.to));
            // The first one holds up the others until they are many.
            is_telling.store(true, Ordering::Relaxed);
            while made.load(Ordering::Relaxed) < QUEUED {
                thread::yield_now();
            }
        }
    });
    let has_returned = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_telling.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            while !has_returned.load(Ordering::Relaxed) {
                breaker.reset();
                breaker.trip();
                made.fetch_add(2, Ordering::Relaxed);
            }
        });
        breaker.trip();
        has_returned.store(true, Ordering::Relaxed);
    });
    let told = told.lock().unwrap();
    assert_eq!(told.len(), made.load(Ordering::Relaxed) + 1);
    assert!(told.windows(2).all(|pair| pair[0].1 == pair[1].0));
}

/// A call once told the changes of another thread for as long as they came, unless it met that
/// thread between two steps of a change, which it hardly ever did if the listener was slow.
#[test]
fn a_call_returns_although_changes_come_as_fast_as_a_slow_listener_is_told() {
    const MOST: usize = 300;
    let breaker = CircuitBreaker::new("slow listener", CONFIG);
    let made = Arc::new(AtomicUsize::new(0));
    let told = Arc::new(Mutex::new(Vec::new()));
    let has_returned = Arc::new(AtomicBool::new(false));
    breaker.on_transition({
        let (made, told) = (Arc::clone(&made), Arc::clone(&told));
        let has_returned = Arc::clone(&has_returned);
        move |transition| {
            told.lock().unwrap().push((transition.from, transition.to));
            // The next change is there before this one is told, so the queue is never empty.
            let next = made.load(Ordering::Relaxed) + 1;
            while made.load(Ordering::Relaxed) < next.min(MOST)
                && !has_returned.load(Ordering::Relaxed)
            {
                thread::yield_now();
            }
        }
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            while told.lock().unwrap().is_empty() {
                thread::yield_now();
            }
            while !has_returned.load(Ordering::Relaxed) && made.load(Ordering::Relaxed) < MOST {
                match made.load(Ordering::Relaxed) % 2 {
                    0 => breaker.reset(),
                    _ => breaker.trip(),
                }
                made.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(1));
            }
        });
        breaker.trip();
        has_returned.store(true, Ordering::Relaxed);
    });
    assert!(
        made.load(Ordering::Relaxed) < MOST,
        "the call told them all"
    );
    let told = told.lock().unwrap();
    assert_eq!(told.len(), made.load(Ordering::Relaxed) + 1);
    assert!(told.windows(2).all(|pair| pair[0].1 == pair[1].0));
}

/// The thread once waited for another one after each eighth change, so that a long queue took fifty
/// times as long, and changes were lost although no listener was slow.
#[test]
fn a_thread_seldom_waits_for_another_one_while_it_tells_a_long_queue() {
    const QUEUED: usize = 8_000;
    let breaker = CircuitBreaker::new("queue", CONFIG);
    let (may_go, goes_on) = mpsc::channel::<()>();
    let goes_on = Mutex::new(goes_on);
    let (is_telling, tells) = mpsc::channel();
    let told_at = Arc::new(Mutex::new(Vec::new()));
    breaker.on_transition({
        let told_at = Arc::clone(&told_at);
        move |_| {
            let _ = is_telling.send(());
            // The first one holds up the others, until the sender is gone.
            let _ = goes_on.lock().unwrap().recv();
            told_at.lock().unwrap().push(Instant::now());
        }
    });
    thread::scope(|scope| {
        scope.spawn(|| breaker.trip());
        tells.recv().unwrap();
        for _ in 0..QUEUED / 2 {
            breaker.reset();
            breaker.trip();
        }
        drop(may_go);
    });
    let told_at = told_at.lock().unwrap();
    assert_eq!(told_at.len(), QUEUED + 1);
    let waits = told_at
        .windows(2)
        .filter(|pair| pair[1] - pair[0] >= Duration::from_micros(100))
        .count();
    assert!(waits < QUEUED / 8 / 2, "{waits} waits");
}
