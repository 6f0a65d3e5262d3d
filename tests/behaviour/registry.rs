//! All circuits of the process, by name.

use std::panic::Location;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, CircuitState, circuit_breaker, registry,
};

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

#[test]
fn what_no_one_has_called_is_not_there() {
    let name = "registry::unknown";
    assert!(registry::get(name).is_none());
    assert!(registry::stats(name).is_none());
    assert!(!registry::all_stats().contains_key(name));
}

#[tokio::test(start_paused = true)]
async fn an_attribute_and_a_registration_by_hand_share_one_circuit() {
    const NAME: &str = "registry::by_hand";
    #[circuit_breaker(name = NAME)]
    fn call() -> Result<(), CircuitOpen> {
        Ok(())
    }
    let by_hand = registry::get_or_register(NAME, CONFIG);
    by_hand.isolate();
    assert!(call().is_err());
    assert_eq!(registry::stats(NAME), Some(by_hand.stats()));
    assert_eq!(by_hand.stats().refused, 1);
    // After the call it is the other way round.
    registry::get_or_register(NAME, CONFIG).reset();
    assert_eq!(call(), Ok(()));
}

#[test]
fn a_name_may_be_computed() {
    for shard in 0..2 {
        registry::get_or_register(format!("registry::shard-{shard}"), CONFIG).trip();
    }
    assert_eq!(
        registry::get("registry::shard-1")
            .map(|circuit| circuit.name().to_owned())
            .as_deref(),
        Some("registry::shard-1")
    );
    assert!(registry::get("registry::shard-2").is_none());
}

#[test]
fn statistics_of_all_hold_each_under_its_name_in_order() {
    for name in ["registry::all_b", "registry::all_a"] {
        registry::get_or_register(name, CONFIG);
    }
    assert!(registry::trip("registry::all_b"));
    let all = registry::all_stats();
    let ours: Vec<_> = all
        .iter()
        .filter(|(name, _)| name.starts_with("registry::all_"))
        .collect();
    assert_eq!(
        ours.iter()
            .map(|(name, stats)| (name.as_str(), stats.name.as_str(), stats.state))
            .collect::<Vec<_>>(),
        [
            ("registry::all_a", "registry::all_a", CircuitState::Closed),
            ("registry::all_b", "registry::all_b", CircuitState::Open),
        ]
    );
}

#[test]
fn an_attribute_registers_a_new_circuit_after_a_removal() {
    const NAME: &str = "registry::removed";
    #[circuit_breaker(name = NAME, failure_threshold = 1, error = |_| "refused")]
    fn call() -> Result<(), &'static str> {
        Err("down")
    }
    assert_eq!((call(), call()), (Err("down"), Err("refused")));
    let removed = registry::remove(NAME).expect("registered");
    assert_eq!(removed.state(), CircuitState::Open);
    assert!(registry::get(NAME).is_none());
    assert_eq!((call(), call()), (Err("down"), Err("refused")));
    let stats = registry::stats(NAME).expect("registered anew");
    assert_eq!((stats.failures, stats.refused), (1, 1));
    assert_eq!((removed.stats().failures, removed.stats().refused), (1, 1));
}

#[test]
fn an_attribute_finds_a_circuit_that_the_program_registered() {
    const NAME: &str = "registry::registered";
    #[circuit_breaker(name = NAME, failure_threshold = 2, error = |_| "refused")]
    fn call() -> Result<(), &'static str> {
        Ok(())
    }
    let own = CircuitBreaker::new(NAME, CONFIG.failure_threshold(2));
    assert_eq!(registry::register(own.clone()), Ok(()));
    own.isolate();
    assert_eq!(call(), Err("refused"));
    let other = CircuitBreaker::new(NAME, CONFIG);
    assert_eq!(
        registry::register(other).map_err(|taken| taken.to_string()),
        Err(format!("another circuit is registered as `{NAME}`"))
    );
}

#[test]
fn a_circuit_knows_where_it_was_declared() {
    let here = Location::caller();
    let by_hand = registry::get_or_register("registry::declared", CONFIG);
    let again = registry::get_or_register("registry::declared", CONFIG);
    let own = CircuitBreaker::new("registry::own", CONFIG);
    let line = |circuit: &CircuitBreaker| {
        let at = circuit.stats().declared_at;
        (at.file(), at.line())
    };
    assert_eq!(line(&by_hand), (here.file(), here.line() + 1));
    assert_eq!(line(&again), line(&by_hand), "the first place is kept");
    assert_eq!(line(&own), (here.file(), here.line() + 3));
    assert!(registry::get("registry::own").is_none());
}

#[test]
fn another_configuration_for_a_taken_name_keeps_the_first() {
    const NAME: &str = "registry::clash";
    #[circuit_breaker(name = NAME, failure_threshold = 2)]
    fn first() -> Result<(), CircuitOpen> {
        Ok(())
    }
    #[circuit_breaker(name = NAME, failure_threshold = 9)]
    fn second() -> Result<(), CircuitOpen> {
        Ok(())
    }
    #[circuit_breaker(name = NAME, failure_threshold = threshold)]
    fn third(threshold: u32) -> Result<(), CircuitOpen> {
        let _ = threshold;
        Ok(())
    }
    assert_eq!(first(), Ok(()));
    for _ in 0..2 {
        assert_eq!((second(), third(3)), (Ok(()), Ok(())));
        registry::get_or_register(NAME, CONFIG.failure_threshold(4));
    }
    // They share the first one's circuit nevertheless.
    let stats = registry::stats(NAME).expect("registered");
    assert_eq!((stats.successes, stats.failure_threshold), (5, Some(2)));
}

#[test]
fn threads_that_call_for_the_first_time_at_once_share_one_circuit() {
    const NAME: &str = "registry::race";
    const THREADS: usize = 8;
    #[circuit_breaker(name = NAME)]
    fn call() -> Result<(), CircuitOpen> {
        Ok(())
    }
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                call()
            });
        }
    });
    assert_eq!(registry::stats(NAME).map(|stats| stats.successes), Some(8));
}

#[test]
fn statistics_are_readable_while_calls_run() {
    const NAME: &str = "registry::while_running";
    #[circuit_breaker(name = NAME)]
    fn call(barrier: &Barrier) -> Result<(), CircuitOpen> {
        barrier.wait();
        barrier.wait();
        Ok(())
    }
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        let running = scope.spawn(|| call(&barrier));
        barrier.wait();
        // The body is running now, and goes on running until these have answered.
        assert_eq!(registry::stats(NAME).map(|stats| stats.successes), Some(0));
        assert!(registry::all_stats().contains_key(NAME));
        assert_eq!(
            registry::get(NAME).map(|circuit| circuit.state()),
            Some(CircuitState::Closed)
        );
        barrier.wait();
        assert_eq!(running.join().expect("no panic"), Ok(()));
    });
    assert_eq!(registry::stats(NAME).map(|stats| stats.successes), Some(1));
}

#[test]
fn a_listener_runs_under_no_lock() {
    const NAME: &str = "registry::listener";
    #[circuit_breaker(name = NAME, failure_threshold = 1, error = |_| "refused")]
    fn call() -> Result<(), &'static str> {
        Err("down")
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let circuit = registry::get_or_register(NAME, CONFIG.failure_threshold(1));
    let told = Arc::clone(&seen);
    // It calls the function, reads all statistics and adds a listener: each would wait for ever if
    // a lock were held.
    circuit.on_transition(move |step| {
        let refused = (step.to == CircuitState::Open).then(call);
        let stats = registry::all_stats()[NAME].clone();
        registry::get(NAME)
            .expect("registered")
            .on_transition(|_| ());
        told.lock().expect("no panic").push((
            step.from,
            step.to,
            step.failures,
            refused,
            stats.failures,
        ));
    });
    assert_eq!(call(), Err("down"));
    assert!(registry::reset(NAME));
    assert_eq!(
        *seen.lock().expect("no panic"),
        [
            (
                CircuitState::Closed,
                CircuitState::Open,
                1,
                Some(Err("refused")),
                1
            ),
            (CircuitState::Open, CircuitState::Closed, 0, None, 1),
        ]
    );
}

#[test]
fn a_listener_that_panics_breaks_no_call_and_no_other_listener() {
    const NAME: &str = "registry::panicking_listener";
    #[circuit_breaker(name = NAME, failure_threshold = 1, error = |_| "refused")]
    fn call() -> Result<(), &'static str> {
        Err("down")
    }
    let circuit = registry::get_or_register(NAME, CONFIG.failure_threshold(1));
    let told = Arc::new(Mutex::new(0));
    let count = Arc::clone(&told);
    circuit.on_transition(|_| panic!("the listener's own"));
    circuit.on_transition(move |_| *count.lock().expect("no panic") += 1);
    assert_eq!(call(), Err("down"));
    assert_eq!(call(), Err("refused"));
    assert_eq!(*told.lock().expect("no panic"), 1);
}
