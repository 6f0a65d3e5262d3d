//! `deadline()` and `remaining()`.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resilience::{
    TimedOut, TimeoutConfig, deadline, is_abandoned, remaining, timeout, with_deadline,
};
use tokio::time::{Instant, advance, sleep};

use super::SECOND;

type Asked = (Option<Instant>, Option<Duration>);

fn ask() -> Asked {
    (deadline(), remaining())
}

async fn ask_in_another_function() -> Asked {
    tokio::task::yield_now().await;
    ask()
}

#[tokio::test(start_paused = true)]
async fn an_async_body_sees_its_deadline_in_every_poll() {
    #[timeout(5s)]
    async fn query() -> Result<[Asked; 2], TimedOut> {
        let first = ask();
        sleep(2 * SECOND).await;
        Ok([first, ask_in_another_function().await])
    }
    let at = Some(Instant::now() + 5 * SECOND);
    assert_eq!(
        query().await,
        Ok([(at, Some(5 * SECOND)), (at, Some(3 * SECOND))])
    );
    assert_eq!(ask(), (None, None));
}

#[tokio::test(start_paused = true)]
async fn between_two_polls_and_after_the_last_one_there_is_none() {
    #[timeout(5s)]
    async fn query() -> Result<(), TimedOut> {
        sleep(SECOND).await;
        assert!(deadline().is_some());
        Ok(())
    }
    let mut query = pin!(query());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(query.as_mut().poll(&mut cx).is_pending());
    assert_eq!(ask(), (None, None));
    advance(SECOND).await;
    assert!(query.as_mut().poll(&mut cx).is_ready());
    assert_eq!(ask(), (None, None));
}

#[tokio::test(start_paused = true)]
async fn the_earliest_of_all_enclosing_timeouts_counts() {
    async fn nested(outer: Duration, inner: Duration) -> Result<Option<Instant>, TimedOut> {
        #[timeout(limit)]
        async fn outside(limit: Duration, inner: Duration) -> Result<Option<Instant>, TimedOut> {
            let seen = inside(inner).await?;
            assert_eq!(deadline(), Some(Instant::now() + limit));
            Ok(seen)
        }
        #[timeout(limit)]
        async fn inside(limit: Duration) -> Result<Option<Instant>, TimedOut> {
            Ok(deadline())
        }
        outside(outer, inner).await
    }
    let now = Instant::now();
    let soon = Ok(Some(now + SECOND));
    assert_eq!(nested(SECOND, 9 * SECOND).await, soon);
    assert_eq!(nested(9 * SECOND, SECOND).await, soon);
    assert_eq!(nested(SECOND, SECOND).await, soon);
    assert_eq!(nested(SECOND, Duration::MAX).await, soon);
    let stacked = {
        #[timeout(9s)]
        #[timeout(1s)]
        async fn stacked() -> Result<Option<Instant>, TimedOut> {
            Ok(deadline())
        }
        stacked().await
    };
    assert_eq!(stacked, soon);
}

#[tokio::test(start_paused = true)]
async fn a_limit_without_end_and_an_instant_too_far_away_are_no_deadline() {
    #[timeout(Duration::MAX)]
    async fn endless() -> Result<Asked, TimedOut> {
        Ok(ask())
    }
    assert_eq!(endless().await, Ok((None, None)));
    let millennium = Duration::from_secs(1000 * 365 * 24 * 3600);
    let far = Instant::now() + millennium;
    assert_eq!(with_deadline(far, async { ask() }).await, (None, None));
    let long = TimeoutConfig::new(millennium);
    assert_eq!(long.run_async(async { ask() }).await, Ok((None, None)));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_the_past_leaves_nothing_and_ends_nothing() {
    let past = Instant::now();
    advance(SECOND).await;
    let asked = with_deadline(past, async {
        sleep(SECOND).await;
        ask()
    });
    assert_eq!(asked.await, (Some(past), Some(Duration::ZERO)));
    let long_ago = Instant::now().checked_sub(3600 * SECOND).unwrap_or(past);
    let asked = with_deadline(long_ago, async { ask() }).await;
    assert_eq!(asked, (Some(long_ago), Some(Duration::ZERO)));
}

#[tokio::test(start_paused = true)]
async fn of_nested_deadlines_from_outside_the_earliest_counts() {
    let (soon, later) = (Instant::now() + SECOND, Instant::now() + 9 * SECOND);
    for (outer, inner) in [(soon, later), (later, soon)] {
        let asked = with_deadline(outer, with_deadline(inner, async { deadline() })).await;
        assert_eq!(asked, Some(soon));
    }
}

#[tokio::test(start_paused = true)]
async fn a_sync_body_in_an_async_one_sees_the_earliest_and_so_does_a_future_in_it() {
    #[timeout(9s)]
    async fn outer(limit: Duration) -> Result<[Option<Instant>; 3], TimedOut> {
        let inside = inner(limit)?;
        Ok([inside[0], inside[1], deadline()])
    }
    #[timeout(limit, mode = cooperative)]
    fn inner(limit: Duration) -> Result<[Option<Instant>; 2], TimedOut> {
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(in_future) = pin!(innermost()).poll(&mut cx) else {
            panic!("it awaits nothing")
        };
        assert!(!is_abandoned());
        Ok([deadline(), in_future?])
    }
    #[timeout(5s)]
    async fn innermost() -> Result<Option<Instant>, TimedOut> {
        Ok(deadline())
    }
    let at = |seconds| Some(Instant::now() + seconds * SECOND);
    assert_eq!(outer(7 * SECOND).await, Ok([at(7), at(5), at(9)]));
    assert_eq!(outer(3 * SECOND).await, Ok([at(3), at(3), at(9)]));
    assert_eq!(outer(12 * SECOND).await, Ok([at(9), at(5), at(9)]));
    assert_eq!(deadline(), None);
}

#[tokio::test(start_paused = true)]
async fn it_costs_no_runtime_where_the_body_is_ready() {
    let ready = poll_fn(|_| Poll::Ready(deadline().is_some()));
    assert_eq!(TimeoutConfig::new(SECOND).run_async(ready).await, Ok(true));
}
