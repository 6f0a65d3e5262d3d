//! The length of the waits, measured in virtual time.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resilience::retry;
use tokio::time::Instant;

/// When each attempt began.
#[derive(Default)]
struct Attempts(RefCell<Vec<Instant>>);

impl Attempts {
    fn fail(&self) -> Result<(), ()> {
        self.0.borrow_mut().push(Instant::now());
        Err(())
    }

    /// The time from each attempt to the next.
    fn gaps(&self) -> Vec<Duration> {
        self.0
            .borrow()
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .collect()
    }
}

fn seconds<const N: usize>(delays: [u64; N]) -> [Duration; N] {
    delays.map(Duration::from_secs)
}

#[tokio::test(start_paused = true)]
async fn by_default_delays_double_from_one_second_to_sixty() {
    #[retry(max_retries = 8, jitter = none)]
    async fn call(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    let attempts = Attempts::default();
    assert_eq!(call(&attempts).await, Err(()));
    assert_eq!(attempts.gaps(), seconds([1, 2, 4, 8, 16, 32, 60, 60]));
}

#[tokio::test(start_paused = true)]
async fn exponential_delays_grow_by_the_multiplier() {
    #[retry(max_retries = 4, strategy = exponential, base_delay = 2s, multiplier = 1.5, jitter = none)]
    async fn call(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    let attempts = Attempts::default();
    assert_eq!(call(&attempts).await, Err(()));
    assert_eq!(
        attempts.gaps(),
        [2000, 3000, 4500, 6750].map(Duration::from_millis)
    );
}

#[tokio::test(start_paused = true)]
async fn a_multiplier_may_be_a_whole_number_and_one_grows_nothing() {
    #[retry(multiplier = 3, jitter = none)]
    async fn three(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    #[retry(multiplier = 1.0, jitter = none)]
    async fn one(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    let attempts = Attempts::default();
    assert_eq!(three(&attempts).await, Err(()));
    assert_eq!(attempts.gaps(), seconds([1, 3, 9]));
    let attempts = Attempts::default();
    assert_eq!(one(&attempts).await, Err(()));
    assert_eq!(attempts.gaps(), seconds([1, 1, 1]));
}

#[tokio::test(start_paused = true)]
async fn linear_delays_grow_by_the_base() {
    #[retry(max_retries = 4, strategy = linear, base_delay = 3s, jitter = none)]
    async fn call(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    let attempts = Attempts::default();
    assert_eq!(call(&attempts).await, Err(()));
    assert_eq!(attempts.gaps(), seconds([3, 6, 9, 12]));
}

#[tokio::test(start_paused = true)]
async fn constant_delays_are_the_base() {
    #[retry(max_retries = 4, strategy = constant, base_delay = 3s, jitter = none)]
    async fn call(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    let attempts = Attempts::default();
    assert_eq!(call(&attempts).await, Err(()));
    assert_eq!(attempts.gaps(), seconds([3, 3, 3, 3]));
}

#[tokio::test(start_paused = true)]
async fn max_delay_caps_every_strategy() {
    #[retry(max_retries = 4, max_delay = 3s, jitter = none)]
    async fn exponential(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    #[retry(max_retries = 4, strategy = linear, base_delay = 2s, max_delay = 5s, jitter = none)]
    async fn linear(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    #[retry(max_retries = 2, strategy = constant, max_delay = 500ms, jitter = none)]
    async fn constant(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    let attempts = Attempts::default();
    assert_eq!(exponential(&attempts).await, Err(()));
    assert_eq!(attempts.gaps(), seconds([1, 2, 3, 3]));
    let attempts = Attempts::default();
    assert_eq!(linear(&attempts).await, Err(()));
    assert_eq!(attempts.gaps(), seconds([2, 4, 5, 5]));
    let attempts = Attempts::default();
    assert_eq!(constant(&attempts).await, Err(()));
    assert_eq!(attempts.gaps(), [500, 500].map(Duration::from_millis));
}

#[tokio::test(start_paused = true)]
async fn the_arithmetic_saturates() {
    #[retry(max_retries = 5, multiplier = 1e300, max_delay = 5s, jitter = none)]
    async fn call(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    let attempts = Attempts::default();
    assert_eq!(call(&attempts).await, Err(()));
    assert_eq!(attempts.gaps(), seconds([1, 5, 5, 5, 5]));
}

#[tokio::test(start_paused = true)]
async fn the_longest_delay_is_a_wait_without_end() {
    #[retry(base_delay = Duration::MAX, max_delay = Duration::MAX, strategy = linear, jitter = none)]
    async fn call(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    let attempts = Attempts::default();
    let year = Duration::from_secs(365 * 24 * 3600);
    assert!(tokio::time::timeout(year, call(&attempts)).await.is_err());
    assert_eq!(attempts.0.borrow().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_slept_after_the_last_attempt() {
    #[retry(max_retries = 2, jitter = none)]
    async fn call(attempts: &Attempts) -> Result<(), ()> {
        tokio::time::sleep(Duration::from_secs(10)).await;
        attempts.fail()
    }
    let start = Instant::now();
    assert_eq!(call(&Attempts::default()).await, Err(()));
    assert_eq!(start.elapsed(), Duration::from_secs(10 + 1 + 10 + 2 + 10));
}

#[test]
fn nothing_is_slept_after_the_last_sync_attempt() {
    // A sleep of that length would be noticed.
    #[retry(max_retries = 0, base_delay = 24h, max_delay = 24h, jitter = none)]
    fn call() -> Result<(), &'static str> {
        Err("busy")
    }
    assert_eq!(call(), Err("busy"));
}

#[test]
fn a_zero_delay_asks_for_no_timer() {
    #[retry(base_delay = 0s)]
    async fn call(calls: &Cell<u32>) -> Result<(), u32> {
        calls.set(calls.get() + 1);
        Err(calls.get())
    }
    let calls = Cell::new(0);
    // There is no tokio runtime here, and one poll is all the time there is.
    let outcome = pin!(call(&calls)).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(outcome, Poll::Ready(Err(4)));
}

#[test]
fn a_sync_wait_lasts_at_least_the_delay() {
    #[retry(max_retries = 2, base_delay = 2ms, jitter = none)]
    fn call(attempts: &RefCell<Vec<std::time::Instant>>) -> Result<(), ()> {
        attempts.borrow_mut().push(std::time::Instant::now());
        Err(())
    }
    let attempts = RefCell::default();
    assert_eq!(call(&attempts), Err(()));
    let attempts = attempts.into_inner();
    assert!(attempts[1] - attempts[0] >= Duration::from_millis(2));
    assert!(attempts[2] - attempts[1] >= Duration::from_millis(4));
}

#[tokio::test]
async fn pause_and_advance_drive_the_waits() {
    #[retry(max_retries = 1, base_delay = 1h, max_delay = 1h, jitter = none)]
    async fn call(attempts: &Attempts) -> Result<(), ()> {
        attempts.fail()
    }
    tokio::time::pause();
    let attempts = Attempts::default();
    let mut call = pin!(call(&attempts));
    let mut poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll().is_pending());
    tokio::time::advance(Duration::from_secs(3599)).await;
    assert!(poll().is_pending());
    // A timer rounds up to milliseconds, and the clock was not paused at a full one.
    tokio::time::advance(Duration::from_millis(1001)).await;
    assert_eq!(poll(), Poll::Ready(Err(())));
    assert_eq!(attempts.0.borrow().len(), 2);
}
