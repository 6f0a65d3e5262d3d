//! The server's own word on how long to wait.

use std::cell::Cell;
use std::time::Duration;

use resilience::{Jitter, RetryConfig, RetryHint, retry, with_deadline};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, PartialEq)]
struct TooManyRequests {
    retry_after: Option<Duration>,
}

impl TooManyRequests {
    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

fn hint(seconds: u64) -> TooManyRequests {
    TooManyRequests {
        retry_after: Some(Duration::from_secs(seconds)),
    }
}

const NO_HINT: TooManyRequests = TooManyRequests { retry_after: None };

/// The errors of a call, one by one, and then success.
struct Answers<'a>(&'a [TooManyRequests], Cell<usize>);

impl Answers<'_> {
    fn next(&self) -> Result<(), TooManyRequests> {
        let at = self.1.replace(self.1.get() + 1);
        self.0.get(at).map_or(Ok(()), |error| Err(error.clone()))
    }
}

#[tokio::test(start_paused = true)]
async fn it_replaces_the_computed_delay() {
    #[retry(delay_hint = TooManyRequests::retry_after, jitter = none)]
    async fn call(answers: Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let start = Instant::now();
    assert_eq!(
        call(Answers(&[hint(7), hint(11)], Cell::new(0))).await,
        Ok(())
    );
    assert_eq!(start.elapsed(), 18 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn it_is_exceeded_by_a_tenth_at_most_so_that_clients_do_not_return_together() {
    #[retry(delay_hint = TooManyRequests::retry_after)]
    async fn call(answers: Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let mut waits = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        assert_eq!(call(Answers(&[hint(10)], Cell::new(0))).await, Ok(()));
        waits.push(start.elapsed());
    }
    assert!(
        waits
            .iter()
            .all(|wait| (10 * SECOND..=11 * SECOND).contains(wait))
    );
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 10, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn the_client_called_before_the_time_that_the_server_named() {
    #[retry(delay_hint = |error| error.retry_after, max_delay = 5s, jitter = none)]
    async fn call(answers: &Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let start = Instant::now();
    let answers = Answers(&[hint(5), hint(6)], Cell::new(0));
    assert_eq!(call(&answers).await, Err(hint(6)), "longer than max_delay");
    assert_eq!((start.elapsed(), answers.1.get()), (5 * SECOND, 2));
}

#[tokio::test(start_paused = true)]
async fn it_may_be_any_type_that_converts_and_may_say_never() {
    #[retry(delay_hint = |_| RetryHint::Never)]
    async fn never(answers: &Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    fn two_seconds(_: &TooManyRequests) -> Duration {
        2 * SECOND
    }
    #[retry(delay_hint = two_seconds, jitter = none)]
    async fn certain(answers: &Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let start = Instant::now();
    let answers = Answers(&[NO_HINT; 2], Cell::new(0));
    assert_eq!(never(&answers).await, Err(NO_HINT));
    assert_eq!((start.elapsed(), answers.1.take()), (Duration::ZERO, 1));
    assert_eq!(certain(&answers).await, Ok(()));
    assert_eq!(start.elapsed(), 4 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn without_a_hint_the_delay_is_computed() {
    #[retry(delay_hint = |error| error.retry_after, jitter = none)]
    async fn call(answers: Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let start = Instant::now();
    assert_eq!(
        call(Answers(&[NO_HINT, hint(10), NO_HINT], Cell::new(0))).await,
        Ok(())
    );
    // The third delay is that of the third retry, hint or no hint before it.
    assert_eq!(start.elapsed(), (1 + 10 + 4) * SECOND);
}

#[tokio::test(start_paused = true)]
async fn it_may_use_the_arguments() {
    #[retry(delay_hint = |error| error.retry_after.map(|delay| delay + *margin), jitter = none)]
    async fn call(margin: &Duration, answers: Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let start = Instant::now();
    assert_eq!(
        call(&SECOND, Answers(&[hint(2)], Cell::new(0))).await,
        Ok(())
    );
    assert_eq!(start.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn max_elapsed_counts_it() {
    #[retry(delay_hint = TooManyRequests::retry_after, max_elapsed = 10s, jitter = none)]
    async fn call(answers: &Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let start = Instant::now();
    let answers = Answers(&[hint(4), hint(6)], Cell::new(0));
    assert_eq!(call(&answers).await, Err(hint(6)));
    assert_eq!(start.elapsed(), 4 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_counts_it() {
    #[retry(delay_hint = TooManyRequests::retry_after, max_delay = 1h)]
    async fn call(answers: &Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let start = Instant::now();
    let answers = Answers(&[hint(10)], Cell::new(0));
    let late = with_deadline(start + 10 * SECOND, call(&answers));
    assert_eq!(late.await, Err(hint(10)));
    assert_eq!((start.elapsed(), answers.1.take()), (Duration::ZERO, 1));
    // The extra wait ends before the deadline, or there is none.
    let at = start + Duration::from_millis(10_001);
    assert_eq!(with_deadline(at, call(&answers)).await, Ok(()));
    assert!(start.elapsed() >= 10 * SECOND && Instant::now() < at);
}

/// The word of a server in a type of the user's.
enum Throttle {
    Until(Duration),
    Forbidden,
}

impl From<Throttle> for RetryHint {
    fn from(throttle: Throttle) -> Self {
        match throttle {
            Throttle::Until(delay) => Self::After(delay),
            Throttle::Forbidden => Self::Never,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_may_be_a_type_of_the_users() {
    #[retry(delay_hint = |error| error.retry_after.map_or(Throttle::Forbidden, Throttle::Until), jitter = none)]
    async fn call(answers: &Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let start = Instant::now();
    let answers = Answers(&[hint(3), NO_HINT], Cell::new(0));
    assert_eq!(call(&answers).await, Err(NO_HINT));
    assert_eq!((start.elapsed(), answers.1.get()), (3 * SECOND, 2));
}

#[tokio::test(start_paused = true)]
async fn values_take_it_too() {
    let config = RetryConfig::new().jitter(Jitter::None);
    let start = Instant::now();
    let answers = Answers(&[hint(3), NO_HINT], Cell::new(0));
    let call = config
        .run_async(|| async { answers.next() })
        .delay_hint(TooManyRequests::retry_after);
    assert_eq!(call.await, Ok(()));
    assert_eq!(start.elapsed(), (3 + 2) * SECOND);
    let answers = Answers(&[NO_HINT], Cell::new(0));
    let call = config
        .run_async(|| async { answers.next() })
        .delay_hint(|_| RetryHint::Never);
    assert_eq!(call.await, Err(NO_HINT));
    let answers = Answers(&[hint(0), hint(61)], Cell::new(0));
    let call = config.prepare(|| answers.next());
    let ended = call.delay_hint(TooManyRequests::retry_after).run();
    assert_eq!((ended, answers.1.get()), (Err(hint(61)), 2));
}

#[test]
fn a_sync_function_takes_it_too() {
    // A computed delay would not end before the test is killed.
    #[retry(delay_hint = TooManyRequests::retry_after, base_delay = 24h, jitter = none)]
    fn call(answers: &Answers<'_>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let answers = Answers(&[hint(0), hint(0)], Cell::new(0));
    assert_eq!(call(&answers), Ok(()));
    assert_eq!(answers.1.get(), 3);
}

#[test]
fn it_is_asked_only_when_a_retry_follows() {
    #[retry(max_retries = 1, abort_on(TooManyRequests { retry_after: None }), delay_hint = |_| {
        asked.set(asked.get() + 1);
        Some(Duration::ZERO)
    })]
    fn call(answers: &Answers<'_>, asked: &Cell<u32>) -> Result<(), TooManyRequests> {
        answers.next()
    }
    let asked = Cell::new(0);
    assert_eq!(
        call(&Answers(&[hint(1), hint(2), hint(3)], Cell::new(0)), &asked),
        Err(hint(2))
    );
    assert_eq!(asked.take(), 1, "not after the last attempt");
    assert_eq!(
        call(&Answers(&[NO_HINT], Cell::new(0)), &asked),
        Err(NO_HINT)
    );
    assert_eq!(asked.take(), 0, "not for what is not retried");
    assert_eq!(call(&Answers(&[], Cell::new(0)), &asked), Ok(()));
    assert_eq!(asked.take(), 0, "not for a success");
}
