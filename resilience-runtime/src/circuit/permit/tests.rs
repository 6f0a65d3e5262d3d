use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Duration,
};

use tokio::time::advance;

use super::*;
use crate::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, CircuitState,
    circuit::call_permit::CallPermit,
};

fn breaker(config: CircuitBreakerConfig) -> CircuitBreaker {
    CircuitBreaker::new("permit", config)
}

fn panic_quietly() {
    resume_unwind(Box::new("expected"));
}

#[test]
fn a_permit_dropped_without_an_outcome_is_abandoned() {
    let breaker = breaker(CircuitBreakerConfig::new());
    drop(breaker.acquire());
    let stats = breaker.stats();
    assert_eq!(
        (stats.abandoned, stats.failures, stats.failure_count),
        (1, 0, 0)
    );
}

#[test]
fn a_panic_after_the_admission_is_a_failure() {
    let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(1));
    let caught = catch_unwind(|| {
        let _permit = breaker.acquire();
        panic_quietly();
    });
    assert!(caught.is_err());
    let stats = breaker.stats();
    assert_eq!((stats.failures, stats.abandoned), (1, 0));
    assert_eq!(stats.state, CircuitState::Open);
}

#[test]
fn a_permit_taken_and_dropped_while_unwinding_is_abandoned() {
    struct OnDrop<'b>(&'b CircuitBreaker);
    impl Drop for OnDrop<'_> {
        fn drop(&mut self) {
            assert!(std::thread::panicking());
            drop(self.0.acquire());
        }
    }
    let breaker = breaker(CircuitBreakerConfig::new());
    let caught = catch_unwind(|| {
        let _clean_up = OnDrop(&breaker);
        panic_quietly();
    });
    assert!(caught.is_err());
    assert_eq!(
        (breaker.stats().abandoned, breaker.stats().failures),
        (1, 0)
    );
}

#[test]
fn a_body_that_panics_while_the_thread_unwinds_already_is_a_failure() {
    struct OnDrop<'b>(&'b CircuitBreaker);
    impl Drop for OnDrop<'_> {
        fn drop(&mut self) {
            let body = || -> Result<(), CircuitOpen> { resume_unwind(Box::new("body")) };
            let caught = catch_unwind(AssertUnwindSafe(|| self.0.call(body)));
            assert!(std::thread::panicking() && caught.is_err());
        }
    }
    let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(1));
    let caught = catch_unwind(|| {
        let _clean_up = OnDrop(&breaker);
        panic_quietly();
    });
    assert!(caught.is_err());
    let stats = breaker.stats();
    assert_eq!((stats.failures, stats.abandoned), (1, 0));
    assert_eq!(stats.state, CircuitState::Open);
}

#[test]
fn a_listener_that_panics_while_the_call_unwinds_breaks_nothing() {
    let breaker = breaker(CircuitBreakerConfig::new().failure_threshold(1));
    breaker.on_transition(|_| panic_quietly());
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _permit = breaker.acquire();
        panic_quietly();
    }));
    assert!(caught.is_err());
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_probe_makes_room_for_the_next() {
    let breaker = breaker(CircuitBreakerConfig::new());
    breaker.trip();
    advance(Duration::from_secs(30)).await;
    let probe = breaker.acquire().expect("a probe");
    assert!(breaker.acquire().is_err());
    drop(probe);
    breaker.acquire().expect("room again").success();
    assert_eq!(breaker.stats().abandoned, 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_longer_than_slow_call_fails_whatever_it_returned() {
    let limit = Duration::from_secs(2);
    let breaker = breaker(CircuitBreakerConfig::new().slow_call(limit));
    for outcome in [Permit::success, Permit::ignore, Permit::failure] {
        let permit = breaker.acquire().expect("closed");
        advance(limit + Duration::from_nanos(1)).await;
        outcome(permit);
    }
    assert_eq!(breaker.stats().failures, 3);

    let permit = breaker.acquire().expect("closed");
    advance(limit).await;
    permit.success();
    assert_eq!(breaker.stats().successes, 1, "not longer, only as long");

    let permit = breaker.acquire().expect("closed");
    advance(limit * 2).await;
    drop(permit);
    assert_eq!(breaker.stats().abandoned, 1, "no outcome, slow or not");
}

#[tokio::test(start_paused = true)]
async fn a_slow_probe_opens_again() {
    let config = CircuitBreakerConfig::new().slow_call(Duration::from_secs(2));
    let breaker = breaker(config);
    breaker.trip();
    advance(Duration::from_secs(30)).await;
    let probe = breaker.acquire().expect("a probe");
    advance(Duration::from_secs(3)).await;
    probe.success();
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn it_may_go_to_another_thread() {
    let breaker = breaker(CircuitBreakerConfig::new());
    std::thread::scope(|scope| {
        let permit = breaker.acquire().expect("closed");
        scope.spawn(move || permit.success());
    });
    assert_eq!(breaker.stats().successes, 1);
}

#[test]
fn an_owned_permit_outlives_the_handle_and_counts_as_a_permit() {
    fn portable<T: Send + Sync + 'static>(permit: T) -> T {
        permit
    }
    let breaker = breaker(CircuitBreakerConfig::new());
    let acquire = || portable(breaker.acquire_owned().expect("closed"));
    acquire().success();
    acquire().failure();
    acquire().ignore();
    drop(acquire());
    let caught = catch_unwind(|| {
        let _permit = acquire();
        panic_quietly();
    });
    assert!(caught.is_err());
    let stats = breaker.stats();
    assert_eq!(
        (
            stats.successes,
            stats.failures,
            stats.ignored,
            stats.abandoned
        ),
        (1, 2, 1, 1)
    );
    breaker.isolate();
    let refused = breaker.acquire_owned().expect_err("isolated");
    assert_eq!((refused.name(), breaker.stats().refused), ("permit", 1));
    assert!(breaker.stats().isolated);

    let permit = {
        let gone = CircuitBreaker::new("gone", CircuitBreakerConfig::new());
        gone.acquire_owned().expect("closed")
    };
    assert_eq!(
        format!("{permit:?}"),
        "OwnedPermit { circuit: \"gone\", .. }"
    );
    permit.success();
}

#[test]
fn it_is_small_because_it_lives_in_futures() {
    assert!(size_of::<Permit<'_>>() <= 24);
    assert_eq!(size_of::<CallPermit<'_>>(), size_of::<Permit<'_>>());
    assert_eq!(size_of::<Option<CallPermit<'_>>>(), size_of::<Permit<'_>>());
    assert_eq!(size_of::<Option<Permit<'_>>>(), size_of::<Permit<'_>>());
}
