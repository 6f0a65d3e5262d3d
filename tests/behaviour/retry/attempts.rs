//! The number of calls, and the outcome that is returned.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use resilience::retry;
use tokio::time::{Instant, sleep};

/// Fails with the number of the call.
fn fail(calls: &Cell<u32>) -> Result<(), u32> {
    calls.set(calls.get() + 1);
    Err(calls.get())
}

/// Fails with the number of the call, until it is `succeeds_on`.
fn fail_until(succeeds_on: u32, calls: &Cell<u32>) -> Result<u32, u32> {
    match fail(calls) {
        Err(call) if call == succeeds_on => Ok(call),
        outcome => outcome.map(|()| unreachable!("it fails")),
    }
}

#[tokio::test(start_paused = true)]
async fn by_default_three_retries_follow_the_first_call() {
    #[retry]
    async fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    let calls = Cell::new(0);
    assert_eq!(call(&calls).await, Err(4));
    assert_eq!(calls.get(), 4);
}

#[test]
fn by_default_three_retries_follow_the_first_sync_call() {
    #[retry(base_delay = 0s)]
    fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    let calls = Cell::new(0);
    assert_eq!(call(&calls), Err(4));
    assert_eq!(calls.get(), 4);
}

#[tokio::test(start_paused = true)]
async fn max_retries_counts_the_calls_after_the_first() {
    #[retry(max_retries = 5)]
    async fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    let calls = Cell::new(0);
    assert_eq!(call(&calls).await, Err(6));
    assert_eq!(calls.get(), 6);
}

#[test]
fn max_retries_counts_the_sync_calls_after_the_first() {
    #[retry(max_retries = 5, base_delay = 0s)]
    fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    let calls = Cell::new(0);
    assert_eq!(call(&calls), Err(6));
    assert_eq!(calls.get(), 6);
}

#[tokio::test(start_paused = true)]
async fn max_attempts_counts_the_first_call_too() {
    #[retry(max_attempts = 5)]
    async fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    let calls = Cell::new(0);
    assert_eq!(call(&calls).await, Err(5));
    assert_eq!(calls.get(), 5);
}

#[test]
fn max_attempts_counts_the_first_sync_call_too() {
    #[retry(max_attempts = 5, base_delay = 0s)]
    fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    let calls = Cell::new(0);
    assert_eq!(call(&calls), Err(5));
    assert_eq!(calls.get(), 5);
}

#[tokio::test(start_paused = true)]
async fn no_retries_and_one_attempt_are_a_single_call() {
    #[retry(max_retries = 0)]
    async fn no_retries(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    #[retry(max_attempts = 1)]
    async fn one_attempt(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    assert_eq!(no_retries(&Cell::new(0)).await, Err(1));
    assert_eq!(one_attempt(&Cell::new(0)).await, Err(1));
}

#[test]
fn the_largest_number_of_retries_goes_on_until_success() {
    #[retry(max_retries = u32::MAX, base_delay = 0s)]
    fn call(calls: &Cell<u32>) -> Result<u32, u32> {
        fail_until(1000, calls)
    }
    assert_eq!(call(&Cell::new(0)), Ok(1000));
}

#[tokio::test(start_paused = true)]
async fn the_first_success_is_returned() {
    #[retry]
    async fn call(succeeds_on: u32, calls: &Cell<u32>) -> Result<u32, u32> {
        fail_until(succeeds_on, calls)
    }
    for succeeds_on in 1..=4 {
        let calls = Cell::new(0);
        assert_eq!(call(succeeds_on, &calls).await, Ok(succeeds_on));
        assert_eq!(calls.get(), succeeds_on);
    }
}

#[test]
fn the_first_sync_success_is_returned() {
    #[retry(base_delay = 0s)]
    fn call(succeeds_on: u32, calls: &Cell<u32>) -> Result<u32, u32> {
        fail_until(succeeds_on, calls)
    }
    for succeeds_on in 1..=4 {
        let calls = Cell::new(0);
        assert_eq!(call(succeeds_on, &calls), Ok(succeeds_on));
        assert_eq!(calls.get(), succeeds_on);
    }
}

#[test]
fn the_last_error_is_returned_as_it_was() {
    #[retry(base_delay = 0s)]
    fn call(made: &RefCell<Vec<Rc<str>>>) -> Result<(), Rc<str>> {
        let error = Rc::from("busy");
        made.borrow_mut().push(Rc::clone(&error));
        Err(error)
    }
    let made = RefCell::new(Vec::new());
    let returned = call(&made).unwrap_err();
    let made = made.into_inner();
    assert_eq!(made.len(), 4);
    assert!(Rc::ptr_eq(&returned, &made[3]));
    // The earlier errors are gone: nothing keeps them behind the caller's back.
    assert_eq!(
        made.iter().map(Rc::strong_count).collect::<Vec<_>>(),
        [1, 1, 1, 2]
    );
}

#[tokio::test(start_paused = true)]
async fn state_is_per_call() {
    #[retry(max_retries = 2, base_delay = 1s, jitter = none)]
    async fn call(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    let (one, other, third) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let start = Instant::now();
    let outcomes = tokio::join!(call(&one), async {
        sleep(Duration::from_millis(500)).await;
        call(&other).await
    });
    assert_eq!(outcomes, (Err(3), Err(3)));
    assert_eq!(start.elapsed(), Duration::from_millis(3500));
    // The delays begin anew as well.
    let start = Instant::now();
    assert_eq!(call(&third).await, Err(3));
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn return_and_the_question_mark_leave_the_attempt_and_not_the_loop() {
    #[retry]
    async fn call(calls: &Cell<u32>) -> Result<u32, u32> {
        if calls.get() == 2 {
            return Ok(7);
        }
        fail(calls)?;
        unreachable!("it failed");
    }
    let calls = Cell::new(0);
    assert_eq!(call(&calls).await, Ok(7));
    assert_eq!(calls.get(), 2);
}

#[test]
fn return_and_the_question_mark_leave_the_sync_attempt_and_not_the_loop() {
    #[retry(base_delay = 0s)]
    fn call(calls: &Cell<u32>) -> Result<u32, u32> {
        if calls.get() == 2 {
            return Ok(7);
        }
        fail(calls)?;
        unreachable!("it failed");
    }
    let calls = Cell::new(0);
    assert_eq!(call(&calls), Ok(7));
    assert_eq!(calls.get(), 2);
}

#[test]
fn each_attempt_sees_what_the_one_before_did_to_a_mutable_argument() {
    #[retry(base_delay = 0s)]
    fn call(log: &mut Vec<usize>) -> Result<usize, usize> {
        log.push(log.len());
        if log.len() < 3 {
            Err(log.len())
        } else {
            Ok(log.len())
        }
    }
    let mut log = Vec::new();
    assert_eq!(call(&mut log), Ok(3));
    assert_eq!(log, [0, 1, 2]);
}
