//! Listeners and futures that wait for a state.

use std::{
    pin::Pin,
    task::{Context, Poll, Wake, Waker},
};

use loom::thread;

use super::circuit::{CONFIG, check, circuit, race, reset, trip};
use crate::{CircuitState, circuit::CircuitStateFuture};

/// Changes of two threads are told one after the other, whichever thread tells them.
#[test]
fn transitions_are_told_in_their_order_and_none_is_lost() {
    check(|| {
        let breaker = circuit(CONFIG);
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        breaker.on_transition({
            let told = std::sync::Arc::clone(&told);
            move |transition| told.lock().unwrap().push((transition.from, transition.to))
        });
        race(&breaker, [trip, reset]);
        let opened = (CircuitState::Closed, CircuitState::Open);
        let closed = (CircuitState::Open, CircuitState::Closed);
        // A reset of a closed circuit is no transition.
        let expected = match breaker.state() {
            CircuitState::Open => vec![opened],
            _ => vec![opened, closed],
        };
        assert_eq!(*told.lock().unwrap(), expected);
    });
}

/// A thread tells one change in the models and then looks for another thread that goes on.
/// Whichever of the two tells a change, it is told once, and both calls return.
#[test]
fn a_thread_that_has_told_its_share_is_relieved_or_goes_on() {
    check(|| {
        let breaker = circuit(CONFIG);
        let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        breaker.on_transition({
            let told = std::sync::Arc::clone(&told);
            move |transition| told.lock().unwrap().push((transition.from, transition.to))
        });
        race(
            &breaker,
            [trip, |breaker| {
                breaker.isolate();
                breaker.reset();
                breaker.trip();
            }],
        );
        let told = told.lock().unwrap();
        let stats = breaker.stats();
        assert!(told.len() as u64 >= stats.opened + stats.closed);
        assert!(told.windows(2).all(|pair| pair[0].1 == pair[1].0));
        assert_eq!(told.last().map(|last| last.1), Some(CircuitState::Open));
        assert_eq!(
            told.iter()
                .filter(|(_, to)| *to == CircuitState::Closed)
                .count(),
            1
        );
    });
}

/// Parks the thread of the model until it is woken. If nobody wakes it, loom reports a deadlock.
fn block_on(mut future: CircuitStateFuture) -> CircuitState {
    struct Unparks(thread::Thread);
    impl Wake for Unparks {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let task = Waker::from(std::sync::Arc::new(Unparks(thread::current())));
    loop {
        match Pin::new(&mut future).poll(&mut Context::from_waker(&task)) {
            Poll::Ready(state) => return state,
            Poll::Pending => thread::park(),
        }
    }
}

/// A future that another thread changes the circuit for is woken, whenever it was polled.
#[test]
fn no_wake_up_is_lost() {
    check(|| {
        let breaker = circuit(CONFIG);
        let changed = breaker.changed();
        let open = breaker.wait_for(CircuitState::Open);
        let tripping = {
            let breaker = breaker.clone();
            thread::spawn(move || {
                breaker.trip();
                breaker.reset();
            })
        };
        assert_eq!(block_on(changed), CircuitState::Open);
        assert_eq!(block_on(open), CircuitState::Open);
        tripping.join().expect("no model panics in a thread");
    });
}

/// A future may be dropped while a change completes it.
#[test]
fn a_future_that_is_dropped_while_a_change_comes_disturbs_nobody() {
    check(|| {
        let breaker = circuit(CONFIG);
        let (dropped, kept) = (breaker.changed(), breaker.changed());
        let dropping = thread::spawn(move || drop(dropped));
        let tripping = {
            let breaker = breaker.clone();
            thread::spawn(move || breaker.trip())
        };
        assert_eq!(block_on(kept), CircuitState::Open);
        for thread in [dropping, tripping] {
            thread.join().expect("no model panics in a thread");
        }
    });
}
