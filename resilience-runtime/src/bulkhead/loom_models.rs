//! Loom runs every interleaving of a few threads over one bulkhead.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p resilience-runtime --release --lib loom`

use std::{
    sync::atomic::{AtomicU32, AtomicUsize, Ordering},
    task::{Wake, Waker},
    time::Duration,
};

use loom::thread;

use super::{queue::Waiter, slots::Slots};

type Shared = loom::sync::Arc<Slots>;

/// Bugs of this kind show with two preemptions. `LOOM_MAX_PREEMPTIONS=3` takes longer.
const PREEMPTIONS: usize = 2;

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(PREEMPTIONS));
    builder.check(model);
}

/// Counts the calls that run, and checks the number against the limit.
struct Body {
    running: AtomicU32,
    limit: u32,
}

impl Body {
    fn new(limit: u32) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self {
            running: AtomicU32::new(0),
            limit,
        })
    }

    fn run(&self) {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(running <= self.limit, "{running} calls run");
        thread::yield_now();
        self.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn assert_is_empty(slots: &Slots, admitted: u64) {
    let numbers = slots.numbers();
    assert_eq!((numbers.running, numbers.waiting), (0, 0));
    assert_eq!(numbers.admitted, admitted);
    assert!(slots.try_acquire(), "no slot is lost");
}

#[test]
fn calls_that_do_not_wait_never_exceed_the_limit_and_lose_no_slot() {
    check(|| {
        let (slots, body) = (Shared::new(Slots::new(1, false)), Body::new(1));
        let threads = [0; 2].map(|_| {
            let (slots, body) = (slots.clone(), body.clone());
            thread::spawn(move || {
                if !slots.try_acquire() {
                    return 0;
                }
                body.run();
                slots.release();
                1
            })
        });
        let admitted = threads.map(|thread| thread.join().expect("no panic"));
        let admitted = admitted.into_iter().sum::<u64>();
        assert!(admitted > 0, "one of the two found the slot free");
        assert_is_empty(&slots, admitted);
    });
}

#[test]
fn a_call_sees_the_changes_of_the_call_whose_slot_it_takes() {
    check(|| {
        let slots = Shared::new(Slots::new(1, false));
        let calls = loom::sync::Arc::new(loom::sync::atomic::AtomicU64::new(0));
        let threads = [0; 2].map(|_| {
            let (slots, calls) = (slots.clone(), calls.clone());
            thread::spawn(move || {
                if !slots.try_acquire() {
                    return 0;
                }
                // Nothing but the slot puts the two calls in an order.
                let before = calls.load(Ordering::Relaxed);
                calls.store(before + 1, Ordering::Relaxed);
                slots.release();
                1
            })
        });
        let admitted = threads.map(|thread| thread.join().expect("no panic"));
        assert_eq!(calls.load(Ordering::Relaxed), admitted.into_iter().sum());
    });
}

#[test]
fn threads_that_wait_all_get_a_slot() {
    check(|| {
        let (slots, body) = (Shared::new(Slots::new(1, false)), Body::new(1));
        let threads = [0; 2].map(|_| {
            let (slots, body) = (slots.clone(), body.clone());
            thread::spawn(move || {
                if !slots.try_acquire() {
                    // The wait has no end, so a lost slot is a deadlock that loom finds.
                    assert!(slots.wait(Duration::MAX, || Duration::ZERO));
                }
                body.run();
                slots.release();
            })
        });
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert_is_empty(&slots, 2);
    });
}

#[test]
fn a_waiter_that_leaves_while_a_call_ends_hands_its_slot_on() {
    check(|| {
        let slots = Shared::new(Slots::new(1, false));
        assert!(slots.try_acquire());
        let wakes = std::sync::Arc::<Wakes>::default();
        let first = slots.join(Waiter::Task(Waker::noop().clone()));
        let second = slots.join(Waiter::Task(Waker::from(wakes.clone())));
        let ending = {
            let slots = slots.clone();
            thread::spawn(move || slots.release())
        };
        if slots.leave(first) {
            slots.release();
        }
        ending.join().expect("no panic");
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1, "the second was woken");
        assert!(slots.take_or_wait(second, Waker::noop().clone()));
        slots.release();
        let admitted = slots.numbers().admitted;
        assert!(
            (2..=3).contains(&admitted),
            "the first may have had the slot"
        );
        assert_is_empty(&slots, admitted);
    });
}

#[test]
fn a_waiter_that_joins_while_a_call_ends_is_woken_or_finds_the_slot() {
    check(|| {
        let slots = Shared::new(Slots::new(1, false));
        assert!(slots.try_acquire());
        let ending = {
            let slots = slots.clone();
            thread::spawn(move || slots.release())
        };
        let wakes = std::sync::Arc::<Wakes>::default();
        let ticket = slots.join(Waiter::Task(Waker::from(wakes.clone())));
        let has_slot = slots.take_or_wait(ticket, Waker::from(wakes.clone()));
        ending.join().expect("no panic");
        if !has_slot {
            assert_eq!(wakes.0.load(Ordering::SeqCst), 1, "a wake-up was lost");
            assert!(slots.take_or_wait(ticket, Waker::noop().clone()));
        }
        slots.release();
        assert_is_empty(&slots, 2);
    });
}

#[test]
fn a_limit_that_rises_while_a_waiter_joins_is_seen() {
    check(|| {
        let slots = Shared::new(Slots::new(1, false));
        assert!(slots.try_acquire());
        let raising = {
            let slots = slots.clone();
            thread::spawn(move || slots.set_limit(2))
        };
        let wakes = std::sync::Arc::<Wakes>::default();
        let ticket = slots.join(Waiter::Task(Waker::from(wakes.clone())));
        let has_slot = slots.take_or_wait(ticket, Waker::from(wakes.clone()));
        raising.join().expect("no panic");
        assert!(has_slot || wakes.0.load(Ordering::SeqCst) == 1);
        assert!(has_slot || slots.take_or_wait(ticket, Waker::noop().clone()));
        slots.release();
        slots.release();
        assert_is_empty(&slots, 2);
    });
}
