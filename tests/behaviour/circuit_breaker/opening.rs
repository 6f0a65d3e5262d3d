//! When a circuit opens.

use std::cell::Cell;
use std::time::Duration;

use resilience::{CircuitState, circuit_breaker};
use tokio::time::advance;

use super::{ApiError, circuit, stats};

/// Answers as told and counts.
fn answer(calls: &Cell<u32>, fails: bool) -> Result<u32, ApiError> {
    calls.set(calls.get() + 1);
    if fails {
        Err(ApiError::Down)
    } else {
        Ok(calls.get())
    }
}

#[tokio::test(start_paused = true)]
async fn it_opens_at_the_threshold_and_refuses_from_then_on() {
    const NAME: &str = "opening::threshold";
    #[circuit_breaker(name = NAME, failure_threshold = 3)]
    async fn call(calls: &Cell<u32>) -> Result<u32, ApiError> {
        answer(calls, true)
    }
    let calls = Cell::new(0);
    for before in [
        CircuitState::Closed,
        CircuitState::Closed,
        CircuitState::Open,
    ] {
        // The call that trips the circuit returns its own error too.
        assert_eq!(call(&calls).await, Err(ApiError::Down));
        assert_eq!(circuit(NAME).state(), before);
    }
    let Err(ApiError::Open(open)) = call(&calls).await else {
        panic!("refused")
    };
    assert_eq!(
        (open.name(), open.retry_after()),
        (NAME, Some(Duration::from_secs(30)))
    );
    assert_eq!(calls.get(), 3, "a refused call runs nothing");
}

#[tokio::test(start_paused = true)]
async fn a_sync_circuit_opens_at_the_threshold_and_refuses_from_then_on() {
    const NAME: &str = "opening::threshold_sync";
    #[circuit_breaker(name = NAME, failure_threshold = 3)]
    fn call(calls: &Cell<u32>) -> Result<u32, ApiError> {
        answer(calls, true)
    }
    let calls = Cell::new(0);
    for before in [
        CircuitState::Closed,
        CircuitState::Closed,
        CircuitState::Open,
    ] {
        assert_eq!(call(&calls), Err(ApiError::Down));
        assert_eq!(circuit(NAME).state(), before);
    }
    let Err(ApiError::Open(open)) = call(&calls) else {
        panic!("refused")
    };
    assert_eq!(
        (open.name(), open.retry_after()),
        (NAME, Some(Duration::from_secs(30)))
    );
    assert_eq!(calls.get(), 3);
}

#[test]
fn by_default_five_failures_open_it() {
    const NAME: &str = "opening::default";
    #[circuit_breaker(name = NAME)]
    fn call(calls: &Cell<u32>) -> Result<u32, ApiError> {
        answer(calls, true)
    }
    let calls = Cell::new(0);
    for _ in 0..4 {
        assert_eq!(call(&calls), Err(ApiError::Down));
    }
    assert_eq!(circuit(NAME).state(), CircuitState::Closed);
    assert_eq!(call(&calls), Err(ApiError::Down));
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn by_default_a_failure_counts_for_sixty_seconds() {
    const NAME: &str = "opening::default_window";
    #[circuit_breaker(name = NAME, failure_threshold = 2)]
    async fn call() -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    let _ = call().await;
    advance(Duration::from_millis(59_999)).await;
    assert_eq!(stats(NAME).failure_count, 1);
    advance(Duration::from_millis(1)).await;
    assert_eq!(stats(NAME).failure_count, 0);
}

#[tokio::test(start_paused = true)]
async fn only_failures_within_the_window_count() {
    const NAME: &str = "opening::window";
    #[circuit_breaker(name = NAME, failure_threshold = 2, failure_window = 10s)]
    async fn call() -> Result<(), ApiError> {
        Err(ApiError::Down)
    }
    // The first is exactly as old as the window when the second comes, and so outside of it.
    let _ = call().await;
    advance(Duration::from_secs(10)).await;
    let _ = call().await;
    assert_eq!(
        (circuit(NAME).state(), stats(NAME).failure_count),
        (CircuitState::Closed, 1)
    );
    // Exact, not sliced: the second is one millisecond short of that when the third comes.
    advance(Duration::from_millis(9_999)).await;
    let _ = call().await;
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}

#[test]
fn a_success_in_between_takes_no_failure_back() {
    const NAME: &str = "opening::success_between";
    #[circuit_breaker(name = NAME, failure_threshold = 2)]
    fn call(calls: &Cell<u32>, fails: bool) -> Result<u32, ApiError> {
        answer(calls, fails)
    }
    let calls = Cell::new(0);
    assert_eq!(call(&calls, true), Err(ApiError::Down));
    assert_eq!(call(&calls, false), Ok(2));
    assert_eq!(call(&calls, true), Err(ApiError::Down));
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}

#[test]
fn a_threshold_of_one_opens_at_the_first_failure() {
    #[circuit_breaker(name = "opening::one", failure_threshold = 1)]
    fn call(calls: &Cell<u32>, fails: bool) -> Result<u32, ApiError> {
        answer(calls, fails)
    }
    let calls = Cell::new(0);
    assert_eq!(call(&calls, false), Ok(1));
    assert_eq!(call(&calls, true), Err(ApiError::Down));
    assert!(call(&calls, false).unwrap_err().is_refusal());
}

#[test]
fn return_and_the_question_mark_are_judged_like_the_end_of_the_body() {
    const NAME: &str = "opening::early_return";
    #[circuit_breaker(name = NAME)]
    fn call(calls: &Cell<u32>, fails: bool) -> Result<u32, ApiError> {
        if !fails {
            return Ok(7);
        }
        answer(calls, fails)?;
        unreachable!("it failed");
    }
    assert_eq!(call(&Cell::new(0), false), Ok(7));
    assert_eq!(call(&Cell::new(0), true), Err(ApiError::Down));
    assert_eq!((stats(NAME).successes, stats(NAME).failures), (1, 1));
}

#[test]
fn any_error_and_any_value_will_do_and_both_come_out_as_they_were() {
    /// This type is neither `Clone`, nor `Debug`, nor `Send`.
    struct Opaque<'a>(std::rc::Rc<str>, &'a str);
    impl From<resilience::CircuitOpen> for Opaque<'_> {
        fn from(_: resilience::CircuitOpen) -> Self {
            Self(std::rc::Rc::from("refused"), "")
        }
    }
    #[circuit_breaker(name = "opening::opaque")]
    fn call<'a, T>(value: Result<T, &'a str>) -> Result<T, Opaque<'a>> {
        value.map_err(|text| Opaque(std::rc::Rc::from(text), text))
    }
    let text = String::from("down");
    let value = std::rc::Rc::new(7);
    assert!(
        call(Ok(std::rc::Rc::clone(&value)))
            .is_ok_and(|returned| std::rc::Rc::ptr_eq(&returned, &value))
    );
    assert!(
        call::<()>(Err(&text))
            .is_err_and(|error| &*error.0 == "down" && std::ptr::eq(error.1, &raw const *text))
    );
}
