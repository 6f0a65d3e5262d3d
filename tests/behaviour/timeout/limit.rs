//! The places that a limit may come from.

use std::cell::Cell;
use std::future::pending;
use std::time::Duration;

use resilience::{TimedOut, TimeoutConfig, timeout};
use tokio::time::Instant;

const LIMIT: Duration = Duration::from_millis(250);

/// The time that a call takes until it is timed out.
async fn limit_of<T>(call: impl Future<Output = Result<T, TimedOut>>) -> Duration {
    let start = Instant::now();
    let late = call.await.err().expect("it takes too long");
    assert_eq!(start.elapsed(), late.limit());
    late.limit()
}

#[tokio::test(start_paused = true)]
async fn it_may_be_written_with_its_unit() {
    #[timeout(250ms)]
    async fn milliseconds() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(1.5s)]
    async fn fraction() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(1m30s)]
    async fn sum() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout("1m 30s")]
    async fn text() -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(limit_of(milliseconds()).await, Duration::from_millis(250));
    assert_eq!(limit_of(fraction()).await, Duration::from_millis(1500));
    assert_eq!(limit_of(sum()).await, Duration::from_secs(90));
    assert_eq!(limit_of(text()).await, Duration::from_secs(90));
}

#[tokio::test(start_paused = true)]
async fn it_may_stand_at_any_place_by_its_name() {
    #[timeout(limit = 5s)]
    async fn alone() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(operation = "query", limit = 7s,)]
    async fn last() -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(limit_of(alone()).await, Duration::from_secs(5));
    assert_eq!(limit_of(last()).await, Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn it_may_be_a_constant() {
    struct Client;
    impl Client {
        const LIMIT: Duration = Duration::from_secs(3);

        #[timeout(Self::LIMIT)]
        async fn query(&self) -> Result<(), TimedOut> {
            pending().await
        }
    }
    #[timeout(LIMIT)]
    async fn here() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(super::limit::LIMIT)]
    async fn elsewhere() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(Duration::from_millis(40))]
    async fn constructed() -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(limit_of(Client.query()).await, Client::LIMIT);
    assert_eq!(limit_of(here()).await, LIMIT);
    assert_eq!(limit_of(elsewhere()).await, LIMIT);
    assert_eq!(limit_of(constructed()).await, Duration::from_millis(40));
}

#[tokio::test(start_paused = true)]
async fn it_may_be_a_constant_of_a_type_parameter_or_a_const_generic() {
    trait Endpoint {
        const LIMIT: Duration;
    }
    struct Fast;
    impl Endpoint for Fast {
        const LIMIT: Duration = Duration::from_secs(1);
    }
    struct Slow;
    impl Endpoint for Slow {
        const LIMIT: Duration = Duration::from_secs(60);
    }
    #[timeout(E::LIMIT)]
    async fn query<E: Endpoint>() -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(Duration::from_secs(SECONDS))]
    async fn of_seconds<const SECONDS: u64>() -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(limit_of(query::<Fast>()).await, Fast::LIMIT);
    assert_eq!(limit_of(query::<Slow>()).await, Slow::LIMIT);
    assert_eq!(limit_of(of_seconds::<9>()).await, Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn it_may_be_an_argument_or_come_from_the_receiver() {
    #[timeout(limit)]
    async fn argument(limit: Duration) -> Result<(), TimedOut> {
        pending().await
    }
    #[timeout(*budget / 2)]
    async fn computed(budget: &Duration) -> Result<(), TimedOut> {
        pending().await
    }
    struct Client {
        limit: Duration,
    }
    impl Client {
        #[timeout(self.limit)]
        async fn query(&mut self) -> Result<(), TimedOut> {
            pending().await
        }
    }
    assert_eq!(limit_of(argument(LIMIT)).await, LIMIT);
    assert_eq!(limit_of(computed(&LIMIT)).await, LIMIT / 2);
    assert_eq!(limit_of(Client { limit: LIMIT }.query()).await, LIMIT);
}

#[tokio::test(start_paused = true)]
async fn it_is_evaluated_once_per_call() {
    fn limit(evaluated: &Cell<u32>) -> Duration {
        evaluated.set(evaluated.get() + 1);
        Duration::from_secs(evaluated.get().into())
    }
    #[timeout(limit(evaluated))]
    async fn query(evaluated: &Cell<u32>) -> Result<(), TimedOut> {
        pending().await
    }
    let evaluated = Cell::new(0);
    let unpolled = query(&evaluated);
    assert_eq!(evaluated.get(), 0);
    assert_eq!(limit_of(unpolled).await, Duration::from_secs(1));
    assert_eq!(limit_of(query(&evaluated)).await, Duration::from_secs(2));
}

#[test]
fn a_sync_function_takes_it_from_anywhere_too() {
    #[timeout(limit, mode = cooperative)]
    fn in_place(limit: Duration) -> Result<Duration, TimedOut> {
        Ok(left())
    }
    #[timeout(Duration::from_secs(seconds))]
    fn on_a_worker(seconds: u64) -> Result<Duration, TimedOut> {
        Ok(left())
    }
    #[timeout(1h, mode = cooperative)]
    fn literal() -> Result<Duration, TimedOut> {
        Ok(left())
    }
    fn left() -> Duration {
        resilience::deadline().expect("inside of a timeout") - Instant::now()
    }
    // The limits are hours apart, so that no machine is too slow for the test.
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let between = |left: Result<Duration, TimedOut>, low, high| {
        (low..=high).contains(&left.expect("in time"))
    };
    assert!(between(in_place(hours(10)), hours(9), hours(10)));
    assert!(between(on_a_worker(20 * 3600), hours(19), hours(20)));
    assert!(between(literal(), Duration::ZERO, hours(1)));
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_is_used_up_is_one_poll_and_no_more() {
    #[timeout(left)]
    async fn query(left: Duration, ready: bool) -> Result<(), TimedOut> {
        if ready { Ok(()) } else { pending().await }
    }
    let start = Instant::now();
    assert_eq!(query(Duration::ZERO, true).await, Ok(()));
    assert!(query(Duration::ZERO, false).await.is_err());
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[test]
fn the_runtime_may_be_reached_through_another_path() {
    #[timeout(1h, crate = reexported::policies)]
    fn relative() -> Result<u8, TimedOut> {
        Ok(7)
    }
    assert_eq!(relative(), Ok(7));
    assert_eq!(reexported::query(), Ok(7));
}

/// Stands for a crate that re-exports the runtime under another name.
mod reexported {
    pub(super) use ::resilience as policies;

    #[policies::timeout(1h, mode = cooperative, crate = crate::timeout::limit::reexported::policies)]
    pub(super) fn query() -> Result<u8, policies::TimedOut> {
        Ok(7)
    }
}

/// The message of the panic of `f`.
fn panic_of<T>(f: impl FnOnce() -> T + std::panic::UnwindSafe) -> String {
    let payload = std::panic::catch_unwind(|| drop(f())).expect_err("it panics");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}

#[test]
fn a_wrong_value_at_run_time_panics_with_the_words_of_the_setter() {
    const CONFIG: TimeoutConfig = TimeoutConfig::new(LIMIT);
    #[timeout(config = TimeoutConfig::new(limit), mode = cooperative)]
    fn built(limit: Duration) -> Result<(), TimedOut> {
        unreachable!("{limit:?}")
    }
    let message = panic_of(|| CONFIG.limit(Duration::ZERO));
    assert!(
        message.starts_with("`limit` must be greater than zero"),
        "{message}"
    );
    assert_eq!(panic_of(|| built(Duration::ZERO)), message);
}
