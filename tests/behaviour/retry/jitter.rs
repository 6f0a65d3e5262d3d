//! The share of chance in a delay. The delays are read from the events, because a virtual timer
//! rounds up to milliseconds.

use std::cell::RefCell;
use std::time::Duration;

use resilience::{Jitter, RetryEvent, retry};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
/// The chance that so many draws all lie in one half of the range is 2⁻²⁰⁰.
const CALLS: usize = 200;

type Delays = RefCell<Vec<Duration>>;

fn note<T, E>(event: &RetryEvent<'_, T, E>, delays: &Delays) {
    delays.borrow_mut().push(event.delay);
}

/// The draws are within the bounds, in both halves of them, and not one as the other.
fn assert_drawn_from(low: Duration, high: Duration, drawn: &[Duration]) {
    assert_eq!(drawn.len(), CALLS);
    assert!(
        drawn.iter().all(|delay| (low..=high).contains(delay)),
        "[{low:?}, {high:?}]: {drawn:?}"
    );
    let middle = (low + high) / 2;
    assert!(
        drawn.iter().any(|delay| *delay < middle),
        "[{low:?}, {high:?}]: {drawn:?}"
    );
    assert!(
        drawn.iter().any(|delay| *delay > middle),
        "[{low:?}, {high:?}]: {drawn:?}"
    );
}

/// The delays of so many calls.
async fn drawn_by(call: impl AsyncFn(&Delays) -> Result<(), ()>) -> Delays {
    let delays = Delays::default();
    for _ in 0..CALLS {
        assert_eq!(call(&delays).await, Err(()));
    }
    delays
}

/// The delay before retry `n` of each call of three retries.
fn of_retry(n: usize, delays: &Delays) -> Vec<Duration> {
    delays.borrow().chunks(3).map(|call| call[n - 1]).collect()
}

#[tokio::test(start_paused = true)]
async fn full_jitter_draws_from_zero_to_the_delay() {
    #[retry(jitter = full, on_retry = |event| note(event, delays))]
    async fn call(delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    let delays = drawn_by(call).await;
    for (retry, delay) in [(1, SECOND), (2, 2 * SECOND), (3, 4 * SECOND)] {
        assert_drawn_from(Duration::ZERO, delay, &of_retry(retry, &delays));
    }
}

#[tokio::test(start_paused = true)]
async fn equal_jitter_draws_from_half_the_delay_to_the_delay() {
    #[retry(jitter = equal, on_retry = |event| note(event, delays))]
    async fn call(delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    let delays = drawn_by(call).await;
    for (retry, delay) in [(1, SECOND), (2, 2 * SECOND), (3, 4 * SECOND)] {
        assert_drawn_from(delay / 2, delay, &of_retry(retry, &delays));
    }
}

#[tokio::test(start_paused = true)]
async fn decorrelated_jitter_draws_from_the_base_to_three_times_the_delay_before() {
    #[retry(jitter = decorrelated, on_retry = |event| note(event, delays))]
    async fn call(delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    let delays = drawn_by(call).await;
    // Before the first, there is the base.
    assert_drawn_from(SECOND, 3 * SECOND, &of_retry(1, &delays));
    for call in delays.borrow().chunks(3) {
        for pair in call.windows(2) {
            assert!((SECOND..=3 * pair[0]).contains(&pair[1]), "{call:?}");
        }
    }
    // The delay grows beyond the largest first one, so it goes on from the delay before it.
    assert!(of_retry(3, &delays).iter().any(|delay| *delay > 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn max_delay_caps_again_after_the_draw() {
    #[retry(jitter = decorrelated, max_delay = 2s, on_retry = |event| note(event, delays))]
    async fn decorrelated(delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    #[retry(jitter = full, base_delay = 2s, max_delay = 2s, on_retry = |event| note(event, delays))]
    async fn full(delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    let (capped, before) = (drawn_by(decorrelated).await, drawn_by(full).await);
    for retry in 1..=3 {
        assert!(
            of_retry(retry, &capped)
                .iter()
                .all(|delay| (SECOND..=2 * SECOND).contains(delay))
        );
        // Capped before the draw: a cap after it alone would leave most draws at the cap.
        assert_drawn_from(Duration::ZERO, 2 * SECOND, &of_retry(retry, &before));
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_is_full_and_so_is_true() {
    #[retry(on_retry = |event| note(event, delays))]
    async fn default(delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    #[retry(jitter = true, on_retry = |event| note(event, delays))]
    async fn yes(delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    let (by_default, by_flag) = (drawn_by(default).await, drawn_by(yes).await);
    assert_drawn_from(Duration::ZERO, SECOND, &of_retry(1, &by_default));
    assert_drawn_from(Duration::ZERO, SECOND, &of_retry(1, &by_flag));
}

#[tokio::test(start_paused = true)]
async fn no_jitter_is_exact_and_so_is_false() {
    #[retry(jitter = none)]
    async fn none() -> Result<(), ()> {
        Err(())
    }
    #[retry(jitter = false)]
    async fn no() -> Result<(), ()> {
        Err(())
    }
    let start = Instant::now();
    assert_eq!(none().await, Err(()));
    assert_eq!(start.elapsed(), 7 * SECOND);
    assert_eq!(no().await, Err(()));
    assert_eq!(start.elapsed(), 14 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn jitter_may_be_an_argument() {
    #[retry(jitter = jitter, on_retry = |event| note(event, delays))]
    async fn call(jitter: Jitter, delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    let equal = drawn_by(async |delays| call(Jitter::Equal, delays).await).await;
    let none = drawn_by(async |delays| call(Jitter::None, delays).await).await;
    assert_drawn_from(SECOND / 2, SECOND, &of_retry(1, &equal));
    assert!(
        none.borrow()
            .chunks(3)
            .all(|call| call == [SECOND, 2 * SECOND, 4 * SECOND])
    );
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_the_delay_that_was_drawn() {
    #[retry(jitter = full, on_retry = |event| note(event, delays))]
    async fn call(delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    let (start, delays) = (Instant::now(), Delays::default());
    assert_eq!(call(&delays).await, Err(()));
    let drawn: Duration = delays.borrow().iter().sum();
    let rounding = Duration::from_millis(3);
    assert!(
        (drawn..=drawn + rounding).contains(&start.elapsed()),
        "{drawn:?}, {:?}",
        start.elapsed()
    );
}

#[test]
fn sync_delays_are_drawn_too() {
    #[retry(max_retries = 3, base_delay = 1ms, max_delay = 1ms, jitter = equal, on_retry = |event| note(event, delays))]
    fn call(delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    let delays = Delays::default();
    assert_eq!(call(&delays), Err(()));
    let delays = delays.into_inner();
    assert_eq!(delays.len(), 3);
    let bounds = Duration::from_micros(500)..=Duration::from_millis(1);
    assert!(
        delays.iter().all(|delay| bounds.contains(delay)),
        "{delays:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn jitter_may_be_a_flag_that_is_computed() {
    const EXACT: bool = false;
    #[retry(max_retries = 1, jitter = !calm, on_retry = |event| note(event, delays))]
    async fn by_argument(calm: bool, delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    #[retry(max_retries = 1, jitter = EXACT, on_retry = |event| note(event, delays))]
    async fn by_constant(delays: &Delays) -> Result<(), ()> {
        Err(())
    }
    let drawn = drawn_by(async |delays| by_argument(false, delays).await).await;
    let exact = Delays::default();
    assert_drawn_from(Duration::ZERO, SECOND, &drawn.into_inner());
    assert_eq!(by_argument(true, &exact).await, Err(()));
    assert_eq!(by_constant(&exact).await, Err(()));
    assert_eq!(exact.into_inner(), [SECOND, SECOND]);
}
