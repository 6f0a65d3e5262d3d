//! The changes of a circuit's state: their facts and their order.

use std::{
    io,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitState, TransitionReason, circuit_breaker,
    events::{self, EventKind},
    registry,
};

use super::hear;

const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new()
    .failure_threshold(2)
    .success_threshold(1)
    .recovery_timeout(Duration::from_secs(30));

#[tokio::test(start_paused = true)]
async fn each_step_of_a_circuit_is_one_event() {
    let heard = hear("changes::steps");
    let breaker = CircuitBreaker::new("changes::steps", CONFIG);
    breaker.acquire().unwrap().failure();
    breaker.acquire().unwrap().failure();
    breaker.acquire().unwrap_err();
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    assert_eq!(
        heard.take(),
        ["closed -> open: failures", "refused, retry after Some(30s)"],
        "time alone makes no event"
    );
    breaker.acquire().unwrap().success();
    assert_eq!(
        heard.take(),
        [
            "open -> half_open: recovery_elapsed",
            "half_open -> closed: probes_succeeded",
        ]
    );
}

#[test]
fn a_command_is_told_before_the_change_that_it_makes() {
    let heard = hear("changes::commands");
    let breaker = CircuitBreaker::new("changes::commands", CONFIG);
    breaker.trip();
    breaker.trip();
    breaker.isolate();
    breaker.reset();
    breaker.reset();
    assert_eq!(
        heard.take(),
        [
            "command trip",
            "closed -> open: command",
            "command trip",
            "command isolate",
            "open -> open: command",
            "command reset",
            "open -> closed: command",
            "command reset",
        ]
    );
}

#[test]
fn a_change_carries_the_figures_of_its_moment() {
    let facts = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&facts);
    let _subscription = events::subscribe(move |event| {
        if let EventKind::StateChanged {
            circuit: "changes::facts",
            key,
            to,
            reason,
            failures,
            failure_rate,
            retry_after,
            generation,
            ..
        } = event.kind
        {
            assert_eq!((event.operation, key), (None, None));
            let fact = (to, reason, failures, failure_rate, retry_after, generation);
            kept.lock().unwrap().push(fact);
        }
    });
    let config = CONFIG.failure_rate(0.5).minimum_calls(4);
    let breaker = CircuitBreaker::new("changes::facts", config);
    for _ in 0..2 {
        breaker.acquire().unwrap().success();
        breaker.acquire().unwrap().failure();
    }
    breaker.reset();
    assert_eq!(
        *facts.lock().unwrap(),
        [
            (
                CircuitState::Open,
                TransitionReason::Rate,
                2,
                Some(0.5),
                Some(Duration::from_secs(30)),
                1,
            ),
            (
                CircuitState::Closed,
                TransitionReason::Command,
                0,
                None,
                None,
                2
            ),
        ]
    );
}

#[test]
fn a_change_carries_the_error_that_opened_the_circuit() {
    #[circuit_breaker(name = "changes::error", failure_threshold = 1)]
    fn fail() -> Result<(), io::Error> {
        Err(io::Error::other("line\nERROR forged"))
    }
    let (sender, errors) = mpsc::channel();
    let _subscription = events::subscribe(move |event| {
        if let EventKind::StateChanged {
            circuit: "changes::error",
            last_error,
            ..
        } = event.kind
        {
            sender.send(last_error.map(str::to_owned)).unwrap();
        }
    });
    fail().unwrap_err();
    registry::reset("changes::error");
    let errors: Vec<_> = errors.try_iter().collect();
    assert_eq!(errors, [Some(r"line\nERROR forged".to_owned()), None]);
}

/// A listener that blocks delays the call that it is told of. The changes that come meanwhile are
/// told afterwards, in their order, and their callers do not wait.
#[test]
fn a_listener_that_blocks_delays_only_the_call_whose_event_it_got() {
    let (blocks, is_blocked) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let _subscription = events::subscribe(move |event| {
        if let EventKind::StateChanged {
            circuit: "changes::blocked",
            generation: 1,
            ..
        } = event.kind
        {
            blocks.send(()).unwrap();
            let _ = may_go_on.lock().unwrap().recv();
        }
    });
    let told = hear("changes::blocked");
    let breaker = CircuitBreaker::new("changes::blocked", CONFIG);
    let blocked = thread::spawn({
        let breaker = breaker.clone();
        move || breaker.trip()
    });
    is_blocked.recv().unwrap();
    breaker.reset();
    breaker.isolate();
    assert!(
        !told.take().iter().any(|line| line.contains("->")),
        "the first change holds them up"
    );
    drop(go_on);
    blocked.join().unwrap();
    let changes: Vec<_> = told
        .take()
        .into_iter()
        .filter(|line| line.contains("->"))
        .collect();
    assert_eq!(
        changes,
        [
            "closed -> open: command",
            "open -> closed: command",
            "closed -> open: command",
        ]
    );
}

#[test]
fn a_listener_that_moves_the_circuit_is_told_of_its_own_change_afterwards() {
    let breaker = CircuitBreaker::new("changes::moved", CONFIG);
    let first = {
        let breaker = breaker.clone();
        events::subscribe(move |event| {
            if let EventKind::StateChanged {
                circuit: "changes::moved",
                to: CircuitState::Open,
                ..
            } = event.kind
            {
                breaker.reset();
                assert_eq!(breaker.state(), CircuitState::Closed);
            }
        })
    };
    let second = hear("changes::moved");
    breaker.trip();
    assert_eq!(
        second.take(),
        [
            "command trip",
            "closed -> open: command",
            "command reset",
            "open -> closed: command",
        ]
    );
    drop(first);
}

#[test]
fn transition_listeners_are_told_in_order_too() {
    let breaker = CircuitBreaker::new("changes::transitions", CONFIG);
    let told = Arc::new(Mutex::new(Vec::new()));
    let (weak, kept) = (Mutex::new(Some(breaker.clone())), Arc::clone(&told));
    breaker.on_transition(move |transition| {
        kept.lock().unwrap().push(transition.to);
        let handle = weak.lock().unwrap().take();
        if let Some(handle) = handle {
            handle.reset();
        }
    });
    let later = Arc::clone(&told);
    breaker.on_transition(move |transition| later.lock().unwrap().push(transition.to));
    breaker.trip();
    let (open, closed) = (CircuitState::Open, CircuitState::Closed);
    assert_eq!(*told.lock().unwrap(), [open, open, closed, closed]);
}

#[test]
fn a_command_for_a_name_with_keys_is_one_event() {
    let hosts = registry::get_or_register_family("changes::hosts", CONFIG);
    for host in ["one", "two"] {
        hosts.circuit(host);
    }
    let heard = hear("changes::hosts");
    registry::isolate("changes::hosts");
    assert_eq!(
        heard.take(),
        [
            "command isolate",
            "closed -> open: command",
            "closed -> open: command",
        ]
    );
    hosts.circuit("two").reset();
    assert_eq!(heard.take(), ["command reset", "open -> closed: command"]);
}
