//! The value of an option may be a literal, a constant, an argument of the function, or a field of
//! its receiver.

use std::cell::Cell;
use std::time::Duration;

use resilience::{Jitter, Strategy, retry};
use tokio::time::Instant;

fn fail(calls: &Cell<u32>) -> Result<(), u32> {
    calls.set(calls.get() + 1);
    Err(calls.get())
}

/// Returns the time of a call that waits for nothing but its retries.
async fn spent<T>(call: impl Future<Output = T>) -> Duration {
    let start = Instant::now();
    call.await;
    start.elapsed()
}

const RETRIES: u32 = 2;
const ATTEMPTS: u32 = RETRIES + 1;
const DELAY: Duration = Duration::from_millis(250);
const LIMIT: Duration = Duration::from_secs(1);
const FACTOR: f64 = 3.0;
const GROWTH: Strategy = Strategy::Linear;
const EXACT: Jitter = Jitter::None;

mod limits {
    pub(super) const RETRIES: u32 = 6;
}

#[test]
fn a_number_may_be_a_constant() {
    #[retry(max_retries = RETRIES, base_delay = 0s)]
    fn here(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    #[retry(max_attempts = ATTEMPTS, base_delay = 0s)]
    fn attempts(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    #[retry(max_retries = limits::RETRIES, base_delay = 0s)]
    fn elsewhere(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    #[retry(max_retries = 2 * RETRIES + 1, base_delay = 0s)]
    fn computed(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    assert_eq!(here(&Cell::new(0)), Err(3));
    assert_eq!(attempts(&Cell::new(0)), Err(3));
    assert_eq!(elsewhere(&Cell::new(0)), Err(7));
    assert_eq!(computed(&Cell::new(0)), Err(6));
}

#[test]
fn a_number_may_be_an_argument() {
    #[retry(max_retries = retries, base_delay = 0s)]
    fn retried(retries: u32, calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    #[retry(max_attempts = u32::from(attempts) + 1, base_delay = 0s)]
    fn attempted(attempts: u8, calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    for retries in [0, 1, 4] {
        assert_eq!(retried(retries, &Cell::new(0)), Err(retries + 1));
    }
    assert_eq!(attempted(4, &Cell::new(0)), Err(5));
}

#[tokio::test(start_paused = true)]
async fn an_async_function_takes_its_numbers_from_its_arguments_too() {
    #[retry(max_retries = retries, multiplier = factor, jitter = none)]
    async fn call(retries: u32, factor: f64, calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    assert_eq!(
        spent(call(3, 1.0, &Cell::new(0))).await,
        Duration::from_secs(1 + 1 + 1)
    );
    assert_eq!(
        spent(call(2, 4.0, &Cell::new(0))).await,
        Duration::from_secs(1 + 4)
    );
}

#[tokio::test(start_paused = true)]
async fn every_option_may_come_from_the_receiver() {
    struct Client {
        retries: u32,
        base: Duration,
        cap: Duration,
        limit: Duration,
        strategy: Strategy,
        jitter: Jitter,
        factor: f64,
    }
    impl Client {
        #[retry(
            max_retries = self.retries,
            base_delay = self.base,
            max_delay = self.cap,
            max_elapsed = self.limit,
            strategy = self.strategy,
            jitter = self.jitter,
            multiplier = self.factor,
        )]
        async fn call(&self, calls: &Cell<u32>) -> Result<(), u32> {
            fail(calls)
        }
    }
    let mut client = Client {
        retries: 4,
        base: Duration::from_secs(1),
        cap: Duration::from_secs(5),
        limit: Duration::MAX,
        strategy: Strategy::Exponential,
        jitter: Jitter::None,
        factor: 3.0,
    };
    assert_eq!(
        spent(client.call(&Cell::new(0))).await,
        Duration::from_secs(1 + 3 + 5 + 5)
    );
    client.strategy = Strategy::Linear;
    assert_eq!(
        spent(client.call(&Cell::new(0))).await,
        Duration::from_secs(1 + 2 + 3 + 4)
    );
    client.limit = Duration::from_secs(4);
    assert_eq!(
        spent(client.call(&Cell::new(0))).await,
        Duration::from_secs(1 + 2)
    );
}

#[tokio::test(start_paused = true)]
async fn every_option_may_be_a_constant() {
    #[retry(
        max_retries = RETRIES,
        base_delay = DELAY,
        max_delay = LIMIT,
        max_elapsed = Duration::MAX,
        strategy = GROWTH,
        jitter = EXACT
    )]
    async fn linear(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    #[retry(max_retries = RETRIES, base_delay = DELAY, multiplier = FACTOR, jitter = Jitter::None)]
    async fn exponential(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    assert_eq!(spent(linear(&Cell::new(0))).await, DELAY * (1 + 2));
    assert_eq!(spent(exponential(&Cell::new(0))).await, DELAY * (1 + 3));
}

#[tokio::test(start_paused = true)]
async fn a_duration_may_be_written_with_its_unit() {
    // One retry each, so that the delay is all the time there is.
    #[retry(max_retries = 1, base_delay = 250ms, jitter = none)]
    async fn milliseconds() -> Result<(), ()> {
        Err(())
    }
    #[retry(max_retries = 1, base_delay = 1.5s, jitter = none)]
    async fn fraction() -> Result<(), ()> {
        Err(())
    }
    #[retry(max_retries = 1, base_delay = 1m30s, jitter = none)]
    async fn sum() -> Result<(), ()> {
        Err(())
    }
    #[retry(max_retries = 1, base_delay = 2h, jitter = none)]
    async fn hours() -> Result<(), ()> {
        Err(())
    }
    #[retry(max_retries = 1, base_delay = "1m 30s", jitter = none)]
    async fn text() -> Result<(), ()> {
        Err(())
    }
    assert_eq!(spent(milliseconds()).await, Duration::from_millis(250));
    assert_eq!(spent(fraction()).await, Duration::from_millis(1500));
    assert_eq!(spent(sum()).await, Duration::from_secs(90));
    assert_eq!(spent(hours()).await, Duration::from_secs(7200));
    assert_eq!(spent(text()).await, Duration::from_secs(90));
}

#[tokio::test(start_paused = true)]
async fn a_duration_may_be_any_expression() {
    #[retry(max_retries = 1, base_delay = Duration::from_secs(7), jitter = none)]
    async fn constructed() -> Result<(), ()> {
        Err(())
    }
    #[retry(max_retries = 1, base_delay = DELAY * 2, jitter = none)]
    async fn computed() -> Result<(), ()> {
        Err(())
    }
    #[retry(max_retries = 1, base_delay = delay, jitter = none)]
    async fn argument(delay: Duration) -> Result<(), ()> {
        Err(())
    }
    #[retry(max_retries = 1, base_delay = Duration::from_secs(seconds), jitter = none)]
    async fn of_an_argument(seconds: u64) -> Result<(), ()> {
        Err(())
    }
    assert_eq!(spent(constructed()).await, Duration::from_secs(7));
    assert_eq!(spent(computed()).await, DELAY * 2);
    assert_eq!(spent(argument(LIMIT)).await, LIMIT);
    assert_eq!(spent(of_an_argument(3)).await, Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn an_expression_is_evaluated_once_per_call() {
    fn delay(evaluated: &Cell<u32>) -> Duration {
        evaluated.set(evaluated.get() + 1);
        Duration::from_secs(evaluated.get().into())
    }
    #[retry(max_retries = 3, base_delay = delay(evaluated), strategy = constant, jitter = none)]
    async fn call(evaluated: &Cell<u32>) -> Result<(), ()> {
        Err(())
    }
    let evaluated = Cell::new(0);
    assert_eq!(spent(call(&evaluated)).await, Duration::from_secs(3));
    assert_eq!(spent(call(&evaluated)).await, Duration::from_secs(6));
    assert_eq!(evaluated.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn self_constants_are_values() {
    struct Client;
    impl Client {
        const RETRIES: u32 = 2;
        const DELAY: Duration = Duration::from_secs(4);

        #[retry(max_retries = Self::RETRIES, base_delay = Self::DELAY, jitter = none)]
        async fn call(&self, calls: &Cell<u32>) -> Result<(), u32> {
            fail(calls)
        }
    }
    let calls = Cell::new(0);
    assert_eq!(spent(Client.call(&calls)).await, Duration::from_secs(4 + 8));
    assert_eq!(calls.get(), 3);
}

#[test]
fn constants_of_a_trait_and_of_a_type_parameter_are_values() {
    trait Endpoint {
        const RETRIES: u32;

        #[retry(max_retries = Self::RETRIES, base_delay = 0s)]
        fn call(&self, calls: &Cell<u32>) -> Result<(), u32> {
            fail(calls)
        }
    }
    #[retry(max_retries = T::RETRIES, base_delay = 0s)]
    fn call<T: Endpoint>(_endpoint: &T, calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    struct Patient;
    impl Endpoint for Patient {
        const RETRIES: u32 = 9;
    }
    struct Hasty;
    impl Endpoint for Hasty {
        const RETRIES: u32 = 0;
    }
    assert_eq!(
        (Patient.call(&Cell::new(0)), Hasty.call(&Cell::new(0))),
        (Err(10), Err(1))
    );
    assert_eq!(
        (call(&Patient, &Cell::new(0)), call(&Hasty, &Cell::new(0))),
        (Err(10), Err(1))
    );
}

#[tokio::test(start_paused = true)]
async fn const_generics_are_values() {
    #[retry(max_retries = RETRIES)]
    async fn of_the_function<const RETRIES: u32>(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    struct Client<const N: u32>;
    impl<const N: u32> Client<N> {
        #[retry(max_retries = N)]
        async fn call(&self, calls: &Cell<u32>) -> Result<(), u32> {
            fail(calls)
        }
    }
    assert_eq!(of_the_function::<0>(&Cell::new(0)).await, Err(1));
    assert_eq!(of_the_function::<5>(&Cell::new(0)).await, Err(6));
    assert_eq!(Client::<4>.call(&Cell::new(0)).await, Err(5));
}

#[test]
fn a_generic_function_is_retried() {
    #[retry(base_delay = 0s, retry_if = |error| keep.contains(error))]
    fn call<T, E: PartialEq>(
        keep: &[E],
        mut attempt: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        attempt()
    }
    let mut answers = [Err("busy"), Err("slow"), Ok(7)].into_iter();
    assert_eq!(
        call(&["busy", "slow"], || answers.next().expect("three calls")),
        Ok(7)
    );
    let mut answers = [Err(1), Err(2), Ok("never asked")].into_iter();
    assert_eq!(call(&[1], || answers.next().expect("two calls")), Err(2));
}

#[test]
fn the_runtime_may_be_reached_through_another_path() {
    mod facade {
        pub(super) mod inner {
            pub(crate) use resilience;
        }
    }
    #[retry(crate = facade::inner::resilience, max_retries = 1, base_delay = 0s)]
    fn relative(calls: &Cell<u32>) -> Result<(), u32> {
        fail(calls)
    }
    assert_eq!(relative(&Cell::new(0)), Err(2));
    assert_eq!(reexported::call(&Cell::new(0)), Err(2));
}

/// A crate that re-exports the runtime under a name of its own, as its users see it.
mod reexported {
    pub(super) use ::resilience as policies;
    use std::cell::Cell;

    #[policies::retry(crate = crate::retry::values::reexported::policies, max_retries = 1, base_delay = 0s)]
    pub(super) fn call(calls: &Cell<u32>) -> Result<(), u32> {
        super::fail(calls)
    }
}
