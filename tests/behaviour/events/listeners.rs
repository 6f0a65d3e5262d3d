//! Listeners that misbehave break no call.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread::{self, ThreadId},
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig,
    events::{self, Event, EventKind, Subscription},
};

use super::{hear, is_of};

/// True for a panic that a listener of the own test caused: those of other tests are told in other
/// threads.
fn is_own_panic(event: &Event<'_>, thread: ThreadId) -> bool {
    matches!(event.kind, EventKind::ListenerPanicked { .. }) && thread::current().id() == thread
}

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

fn breaker(name: &'static str) -> CircuitBreaker {
    CircuitBreaker::new(name, CONFIG)
}

/// An isolated circuit refuses every call, and each refusal is one event.
fn refuse(breaker: &CircuitBreaker) {
    let refused = breaker.call(|| Ok::<_, io::Error>(()));
    assert!(refused.is_err());
}

#[test]
fn they_run_in_the_callers_thread_in_the_order_of_their_subscriptions() {
    let breaker = breaker("listeners::order");
    let (sender, told) = mpsc::channel();
    let subscribe = |name: &'static str| {
        let sender = sender.clone();
        events::subscribe(move |event| {
            if is_of(event, "listeners::order") {
                sender.send((name, thread::current().id())).unwrap();
            }
        })
    };
    let subscriptions = ["first", "second", "third"].map(subscribe);
    breaker.reset();
    let here = thread::current().id();
    let expected = ["first", "second", "third"].map(|name| (name, here));
    assert_eq!(told.try_iter().collect::<Vec<_>>(), expected);

    let [first, second, third] = subscriptions;
    drop(second);
    first.forget();
    breaker.reset();
    let names: Vec<_> = told.try_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["first", "third"]);
    drop(third);
}

#[test]
fn one_that_panics_breaks_no_call_and_the_others_are_told() {
    let breaker = breaker("listeners::panics");
    breaker.isolate();
    let after_the_panic = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&after_the_panic);
    let thread = thread::current().id();
    let panics = events::subscribe(|event| {
        if is_of(event, "listeners::panics") {
            resume_unwind(Box::new("expected"));
        }
    });
    let others = events::subscribe(move |event| {
        if is_own_panic(event, thread) {
            told.lock().unwrap().push("a listener panicked");
        } else if is_of(event, "listeners::panics") {
            told.lock().unwrap().push("the event");
        }
    });
    refuse(&breaker);
    assert_eq!(
        *after_the_panic.lock().unwrap(),
        ["the event", "a listener panicked"]
    );
    drop((panics, others));
    assert_eq!(breaker.stats().refused, 1);
}

#[test]
fn all_that_panic_at_the_report_of_a_panic_do_not_chase_each_other() {
    let breaker = breaker("listeners::all_panic");
    breaker.isolate();
    let thread = thread::current().id();
    let calls = Arc::new(AtomicU32::new(0));
    let panics: Vec<_> = (0..3)
        .map(|_| {
            let calls = Arc::clone(&calls);
            events::subscribe(move |event| {
                if is_of(event, "listeners::all_panic") || is_own_panic(event, thread) {
                    calls.fetch_add(1, Ordering::Relaxed);
                    resume_unwind(Box::new("expected"));
                }
            })
        })
        .collect();
    refuse(&breaker);
    drop(panics);
    // Three are told of the refusal, and each of the three panics is told to the two others.
    assert_eq!(calls.load(Ordering::Relaxed), 3 + 3 * 2);
}

#[test]
fn a_transition_listener_that_panics_is_told_to_subscribers_as_well() {
    let breaker = breaker("listeners::transition_panics");
    let thread = thread::current().id();
    let (sender, told) = mpsc::channel();
    let _subscription = events::subscribe(move |event| {
        let is_panic = is_own_panic(event, thread);
        if is_panic || is_of(event, "listeners::transition_panics") {
            sender.send(is_panic).unwrap();
        }
    });
    breaker.on_transition(|_| resume_unwind(Box::new("expected")));
    breaker.trip();
    let told: Vec<_> = told.try_iter().collect();
    assert_eq!(
        told,
        [true, false, false],
        "the panic, the command and the change"
    );
}

#[test]
fn a_slow_one_is_told_to_the_others() {
    let breaker = breaker("listeners::slow");
    breaker.isolate();
    let thread = thread::current().id();
    let pause = Duration::from_millis(20);
    let (sender, told) = mpsc::channel();
    let slow = events::subscribe(move |event| {
        if is_of(event, "listeners::slow") {
            thread::sleep(pause);
        }
    });
    let others = events::subscribe(move |event| {
        if thread::current().id() != thread {
            return;
        }
        if let EventKind::ListenerSlow { took, .. } = event.kind {
            sender.send(took).unwrap();
        }
    });
    refuse(&breaker);
    drop((slow, others));
    assert!(told.iter().any(|took| took >= pause));
}

#[test]
fn one_may_end_its_own_subscription_and_add_another() {
    let breaker = breaker("listeners::leaves");
    breaker.isolate();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let added: Arc<Mutex<Vec<Subscription>>> = Arc::default();
    let (calls, later_calls) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let subscription = {
        let (own, added) = (Arc::clone(&own), Arc::clone(&added));
        let (calls, later_calls) = (Arc::clone(&calls), Arc::clone(&later_calls));
        events::subscribe(move |event| {
            if !is_of(event, "listeners::leaves") {
                return;
            }
            calls.fetch_add(1, Ordering::Relaxed);
            let subscription = own.lock().unwrap().take();
            drop(subscription);
            let later_calls = Arc::clone(&later_calls);
            added.lock().unwrap().push(events::subscribe(move |event| {
                if is_of(event, "listeners::leaves") {
                    later_calls.fetch_add(1, Ordering::Relaxed);
                }
            }));
        })
    };
    *own.lock().unwrap() = Some(subscription);
    let counts = || {
        (
            calls.load(Ordering::Relaxed),
            later_calls.load(Ordering::Relaxed),
        )
    };
    refuse(&breaker);
    assert_eq!(counts(), (1, 0), "the new one hears of later events only");
    refuse(&breaker);
    assert_eq!(counts(), (1, 1));
}

#[test]
fn one_that_calls_the_circuit_whenever_it_refuses_ends() {
    let breaker = breaker("listeners::recursive");
    breaker.isolate();
    let calls = Arc::new(AtomicU32::new(0));
    let subscription = {
        let (breaker, calls) = (breaker.clone(), Arc::clone(&calls));
        events::subscribe(move |event| {
            if is_of(event, "listeners::recursive") {
                calls.fetch_add(1, Ordering::Relaxed);
                refuse(&breaker);
            }
        })
    };
    refuse(&breaker);
    drop(subscription);
    assert_eq!(calls.load(Ordering::Relaxed), 16);
    assert_eq!(breaker.stats().refused, 17);
}

#[test]
fn one_that_is_told_while_its_thread_unwinds_may_panic() {
    struct RefusedOnDrop(CircuitBreaker);
    impl Drop for RefusedOnDrop {
        fn drop(&mut self) {
            refuse(&self.0);
        }
    }
    let breaker = breaker("listeners::unwinding");
    breaker.isolate();
    let _panics = events::subscribe(|event| {
        if is_of(event, "listeners::unwinding") {
            resume_unwind(Box::new("expected"));
        }
    });
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _refused = RefusedOnDrop(breaker.clone());
        resume_unwind(Box::new("expected"));
    }));
    assert!(unwound.is_err());
    assert_eq!(breaker.stats().refused, 1);
}

#[test]
fn a_subscription_ends_when_it_is_dropped() {
    let breaker = breaker("listeners::dropped");
    breaker.isolate();
    let heard = hear("listeners::dropped");
    refuse(&breaker);
    assert_eq!(heard.take(), ["refused, retry after None"]);
    let lines = Arc::clone(&heard.lines);
    drop(heard);
    refuse(&breaker);
    assert_eq!(*lines.lock().unwrap(), [""; 0]);
}
