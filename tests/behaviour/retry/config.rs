//! `config =`, and the options that override it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use resilience::{Jitter, RetryConfig, Strategy, retry};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
/// Waits of 3 s, 6 s, 9 s, 10 s.
const LINEAR: RetryConfig = RetryConfig::new()
    .max_retries(4)
    .strategy(Strategy::Linear)
    .base_delay(Duration::from_secs(3))
    .max_delay(Duration::from_secs(10))
    .jitter(Jitter::None);

fn fail(calls: &Cell<u32>) -> Result<(), u32> {
    calls.set(calls.get() + 1);
    Err(calls.get())
}

/// Returns the number of calls, and the time of all waits.
async fn measured<F: Future<Output = Result<(), u32>>>(
    call: impl FnOnce(Cell<u32>) -> F,
) -> (u32, Duration) {
    let start = Instant::now();
    let calls = call(Cell::new(0)).await.unwrap_err();
    (calls, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_constant_configuration_is_used() {
    #[retry(config = LINEAR)]
    async fn call(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    assert_eq!(measured(call).await, (5, 28 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn every_option_beside_it_overrides_it() {
    #[retry(config = LINEAR, max_retries = 1)]
    async fn max_retries(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = LINEAR, max_attempts = 3)]
    async fn max_attempts(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = LINEAR, strategy = constant)]
    async fn strategy(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = LINEAR, strategy = exponential, multiplier = 3.0)]
    async fn multiplier(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = LINEAR, base_delay = 1s)]
    async fn base_delay(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = LINEAR, max_delay = 5s)]
    async fn max_delay(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = LINEAR, max_elapsed = 10s)]
    async fn max_elapsed(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    assert_eq!(measured(max_retries).await, (2, 3 * SECOND));
    assert_eq!(measured(max_attempts).await, (3, 9 * SECOND));
    assert_eq!(measured(strategy).await, (5, 12 * SECOND));
    assert_eq!(measured(multiplier).await, (5, (3 + 9 + 10 + 10) * SECOND));
    assert_eq!(measured(base_delay).await, (5, (1 + 2 + 3 + 4) * SECOND));
    assert_eq!(measured(max_delay).await, (5, (3 + 5 + 5 + 5) * SECOND));
    assert_eq!(measured(max_elapsed).await, (3, 9 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn jitter_beside_it_overrides_it() {
    #[retry(config = LINEAR, jitter = full)]
    async fn call(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    // Once in 10³⁰⁰ are all delays as long as they can be.
    let mut shortened = false;
    for _ in 0..10 {
        shortened |= measured(call).await.1 < 28 * SECOND;
    }
    assert!(shortened);
}

#[tokio::test(start_paused = true)]
async fn both_delays_are_overridden_as_one() {
    // The configuration has another value for each of them.
    #[retry(config = LINEAR, base_delay = 20s, max_delay = 30s)]
    async fn above(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = LINEAR, max_delay = 2s, base_delay = 1s)]
    async fn below(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = LINEAR, max_delay = cap, base_delay = 1s)]
    async fn at_run_time(cap: Duration, calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    assert_eq!(measured(above).await, (5, (20 + 30 + 30 + 30) * SECOND));
    assert_eq!(measured(below).await, (5, (1 + 2 + 2 + 2) * SECOND));
    assert_eq!(
        measured(|calls| at_run_time(2 * SECOND, calls)).await,
        (5, (1 + 2 + 2 + 2) * SECOND)
    );
}

#[tokio::test(start_paused = true)]
async fn it_may_be_written_in_place() {
    #[retry(config = RetryConfig::new().max_retries(2).jitter(Jitter::None))]
    async fn call(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    assert_eq!(measured(call).await, (3, 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn it_may_be_behind_a_reference() {
    #[retry(config = *config)]
    async fn alone(config: &RetryConfig, calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = *config, max_retries = 1)]
    async fn overridden(config: &RetryConfig, calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    assert_eq!(
        measured(|calls| alone(&LINEAR, calls)).await,
        (5, 28 * SECOND)
    );
    assert_eq!(
        measured(|calls| overridden(&LINEAR, calls)).await,
        (2, 3 * SECOND)
    );
}

#[tokio::test(start_paused = true)]
async fn it_may_be_an_argument_or_come_from_the_receiver() {
    #[retry(config = config)]
    async fn argument(config: RetryConfig, calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    struct Client {
        retry: RetryConfig,
    }
    impl Client {
        #[retry(config = self.retry, max_retries = 1)]
        async fn call(&self, calls: Cell<u32>) -> Result<(), u32> {
            fail(&calls)
        }
    }
    assert_eq!(
        measured(|calls| argument(LINEAR, calls)).await,
        (5, 28 * SECOND)
    );
    let client = Client { retry: LINEAR };
    assert_eq!(measured(|calls| client.call(calls)).await, (2, 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn it_may_be_a_constant_of_self() {
    struct Client;
    impl Client {
        const RETRY: RetryConfig = LINEAR.max_retries(2);

        #[retry(config = Self::RETRY)]
        async fn call(&self, calls: Cell<u32>) -> Result<(), u32> {
            fail(&calls)
        }

        #[retry(config = Self::RETRY, max_retries = retries)]
        async fn of_an_argument(&self, retries: u32, calls: Cell<u32>) -> Result<(), u32> {
            fail(&calls)
        }
    }
    assert_eq!(measured(|calls| Client.call(calls)).await, (3, 9 * SECOND));
    assert_eq!(
        measured(|calls| Client.of_an_argument(1, calls)).await,
        (2, 3 * SECOND)
    );
}

#[test]
fn it_is_evaluated_once_per_call() {
    fn config(evaluated: &Cell<u32>) -> RetryConfig {
        evaluated.set(evaluated.get() + 1);
        RetryConfig::new().base_delay(Duration::ZERO)
    }
    #[retry(config = config(evaluated))]
    fn call(evaluated: &Cell<u32>, calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    let evaluated = Cell::new(0);
    assert_eq!(call(&evaluated, &Cell::new(0)), Err(4));
    assert_eq!(call(&evaluated, &Cell::new(0)), Err(4));
    assert_eq!(evaluated.get(), 2);
}

#[test]
fn functions_may_share_it() {
    const AT_ONCE: RetryConfig = RetryConfig::new().max_retries(2).base_delay(Duration::ZERO);
    #[retry(config = AT_ONCE)]
    fn one(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    #[retry(config = AT_ONCE, retry_on(1))]
    fn other(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    assert_eq!(one(&Cell::new(0)), Err(3));
    assert_eq!(other(&Cell::new(0)), Err(2));
}

/// The message of the panic that `f` ends with.
fn panic_of<T>(f: impl FnOnce() -> T) -> String {
    let payload = catch_unwind(AssertUnwindSafe(|| drop(f()))).expect_err("it panics");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}

#[test]
fn a_wrong_value_at_run_time_panics_with_the_words_of_the_setter() {
    #[retry(max_attempts = attempts)]
    fn attempts(attempts: u32) -> Result<(), ()> {
        unreachable!("{attempts} attempts")
    }
    #[retry(multiplier = factor)]
    fn multiplier(factor: f64) -> Result<(), ()> {
        unreachable!("{factor}")
    }
    #[retry(max_elapsed = limit)]
    fn max_elapsed(limit: Duration) -> Result<(), ()> {
        unreachable!("{limit:?}")
    }
    let new = RetryConfig::new;
    assert_eq!(panic_of(|| attempts(0)), panic_of(|| new().max_attempts(0)));
    for factor in [0.5, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            panic_of(|| multiplier(factor)),
            panic_of(|| new().multiplier(factor))
        );
    }
    assert_eq!(
        panic_of(|| max_elapsed(Duration::ZERO)),
        panic_of(|| new().max_elapsed(Duration::ZERO))
    );
}

#[tokio::test(start_paused = true)]
async fn a_computed_base_above_the_cap_is_capped() {
    #[retry(max_retries = 1, base_delay = base, max_delay = cap, jitter = none)]
    async fn delays(base: Duration, cap: Duration, calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(max_retries = 1, max_delay = 2s, base_delay = base, jitter = none)]
    async fn constant_cap(base: Duration, calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = LINEAR, max_retries = 1, max_delay = cap)]
    async fn below_the_configuration(cap: Duration, calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    #[retry(config = LINEAR, max_retries = 1, max_delay = 2s)]
    async fn constant_below_the_configuration(calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    let capped = (2, 2 * SECOND);
    assert_eq!(
        measured(|calls| delays(5 * SECOND, 2 * SECOND, calls)).await,
        capped
    );
    assert_eq!(
        measured(|calls| constant_cap(5 * SECOND, calls)).await,
        capped
    );
    assert_eq!(
        measured(|calls| below_the_configuration(2 * SECOND, calls)).await,
        capped
    );
    assert_eq!(measured(constant_below_the_configuration).await, capped);
    // A cap that nobody set gives way to the base.
    #[retry(max_retries = 1, base_delay = base, jitter = none)]
    async fn unset_cap(base: Duration, calls: Cell<u32>) -> Result<(), u32> {
        fail(&calls)
    }
    assert_eq!(
        measured(|calls| unset_cap(90 * SECOND, calls)).await,
        (2, 90 * SECOND)
    );
}

#[test]
fn a_panic_of_a_setter_names_the_option() {
    #[retry(max_attempts = attempts)]
    fn call(attempts: u32) -> Result<(), ()> {
        unreachable!("{attempts} attempts")
    }
    assert!(panic_of(|| call(0)).contains("`max_attempts` must be at least 1"));
}

#[tokio::test]
#[should_panic(expected = "`multiplier` must be a finite number of at least 1.0")]
async fn an_async_function_panics_on_a_wrong_value_when_it_is_polled() {
    #[retry(multiplier = factor)]
    async fn call(factor: f64) -> Result<(), ()> {
        unreachable!("{factor}")
    }
    let unpolled = call(0.5);
    assert_eq!(unpolled.await, Ok(()));
}
