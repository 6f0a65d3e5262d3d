//! The number of calls that run at the same time, and the wait for a slot.

use std::{future::pending, panic::AssertUnwindSafe, time::Duration};

use futures_util::{FutureExt, future::join_all};
use resilience::{BulkheadConfig, bulkhead};
use tokio::time::{Instant, sleep};

use super::{ApiError, Running, poll, stats};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn calls_that_wait_run_as_slots_become_free() {
    #[bulkhead(3, max_wait = 1m, name = "limit::waits")]
    async fn query(running: &Running) -> Result<(), ApiError> {
        let _running = running.enter();
        sleep(SECOND).await;
        Ok(())
    }
    let (running, start) = (Running::default(), Instant::now());
    let calls = (0..10).map(|_| query(&running));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!((running.most.get(), start.elapsed()), (3, SECOND * 4));
    assert_eq!(stats("limit::waits").admitted, 10);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_wait_is_refused_at_once() {
    #[bulkhead(max_concurrent = 1, name = "limit::at_once")]
    async fn query() -> Result<(), ApiError> {
        sleep(SECOND).await;
        Ok(())
    }
    let (one, two) = tokio::join!(query(), query());
    assert_eq!(one, Ok(()));
    let Err(ApiError::Full(full)) = two else {
        panic!("the second is refused")
    };
    assert_eq!(
        (full.name(), full.key(), full.limit()),
        ("limit::at_once", None, 1)
    );
    assert_eq!(full.waited(), Duration::ZERO);
    assert_eq!(query().await, Ok(()), "the slot is free again");
}

#[tokio::test(start_paused = true)]
async fn a_wait_has_an_end() {
    #[bulkhead(1, max_wait = 2s, name = "limit::ends")]
    async fn query() -> Result<(), ApiError> {
        pending().await
    }
    let mut first = Box::pin(query());
    assert!(poll(first.as_mut()).is_pending());
    let start = Instant::now();
    let Err(ApiError::Full(full)) = query().await else {
        panic!("nobody frees the slot")
    };
    assert_eq!((start.elapsed(), full.waited()), (SECOND * 2, SECOND * 2));
    assert_eq!(
        full.to_string(),
        "bulkhead `limit::ends` is full with 1 call, waited 2.0s"
    );
}

#[tokio::test(start_paused = true)]
async fn calls_are_served_in_their_order() {
    #[bulkhead(1, max_wait = 1m, name = "limit::order")]
    async fn query(number: usize, served: &std::cell::RefCell<Vec<usize>>) -> Result<(), ApiError> {
        served.borrow_mut().push(number);
        sleep(SECOND).await;
        Ok(())
    }
    let served = std::cell::RefCell::default();
    join_all((0..20).map(|number| query(number, &served))).await;
    assert_eq!(served.into_inner(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_leaves_the_queue_at_once() {
    #[bulkhead(1, max_wait = 1m, name = "limit::leaves")]
    async fn query() -> Result<(), ApiError> {
        pending().await
    }
    let [mut first, mut second, mut third] = [0; 3].map(|_| Box::pin(query()));
    for call in [&mut first, &mut second, &mut third] {
        assert!(poll(call.as_mut()).is_pending());
    }
    assert_eq!(stats("limit::leaves").waiting, 2);
    drop(second);
    assert_eq!(stats("limit::leaves").waiting, 1);
    drop(first);
    assert!(poll(third.as_mut()).is_pending());
    let after = stats("limit::leaves");
    assert_eq!((after.in_use, after.waiting, after.admitted), (1, 0, 2));
    drop(third);
    assert_eq!(stats("limit::leaves").in_use, 0);
}

#[tokio::test]
async fn a_panic_frees_the_slot() {
    #[bulkhead(1, name = "limit::panic")]
    async fn query(panics: bool) -> Result<(), ApiError> {
        assert!(!panics, "expected");
        Ok(())
    }
    #[bulkhead(1)]
    fn query_sync(panics: bool) -> Result<(), ApiError> {
        assert!(!panics, "expected");
        Ok(())
    }
    for _ in 0..3 {
        let panicked = AssertUnwindSafe(query(true)).catch_unwind().await;
        assert!(panicked.is_err());
        assert!(std::panic::catch_unwind(|| query_sync(true)).is_err());
    }
    assert_eq!((query(false).await, query_sync(false)), (Ok(()), Ok(())));
}

#[test]
fn a_sync_function_has_the_same_limit() {
    #[bulkhead(2, name = "limit::sync")]
    fn nested(depth: u32) -> Result<u32, ApiError> {
        if depth == 0 { Ok(7) } else { nested(depth - 1) }
    }
    assert_eq!(nested(1), Ok(7));
    let Err(ApiError::Full(full)) = nested(2) else {
        panic!("the third one inside is refused")
    };
    assert_eq!(full.limit(), 2);
    let stats = stats("limit::sync");
    assert_eq!((stats.in_use, stats.admitted, stats.refused), (0, 4, 1));
}

#[test]
fn a_body_may_return_early_and_fail() {
    #[bulkhead(1)]
    fn parse(text: &str) -> Result<u32, Box<dyn std::error::Error>> {
        if text.is_empty() {
            return Ok(0);
        }
        Ok(text.parse::<u32>()?)
    }
    assert_eq!(parse("").unwrap(), 0);
    assert!(parse("x").is_err());
    assert_eq!(parse("7").unwrap(), 7);
}

#[test]
fn values_may_be_computed_by_each_call() {
    struct Pool {
        size: u32,
    }
    impl Pool {
        #[bulkhead(self.size, name = "limit::computed")]
        fn depth(&self, depth: u32) -> Result<(), ApiError> {
            if depth > 1 {
                self.depth(depth - 1)
            } else {
                Ok(())
            }
        }
    }
    assert!(Pool { size: 1 }.depth(2).is_err());
    assert!(Pool { size: 3 }.depth(3).is_ok());
    assert_eq!(stats("limit::computed").limit, 3);
}

#[test]
fn a_configuration_may_bring_the_limit_and_options_override_it() {
    const POOL: BulkheadConfig = BulkheadConfig::new(1);
    #[bulkhead(config = POOL)]
    fn one(inside: bool) -> Result<(), ApiError> {
        if inside { one(false) } else { Ok(()) }
    }
    #[bulkhead(2, config = POOL)]
    fn two(inside: bool) -> Result<(), ApiError> {
        if inside { two(false) } else { Ok(()) }
    }
    assert!(one(true).is_err() && two(true).is_ok());
}

#[test]
fn a_limit_is_a_constant_or_an_expression_whose_type_the_option_decides() {
    mod sizes {
        pub(super) const ONE: u32 = 1;
    }
    #[bulkhead(sizes::ONE)]
    fn constant(inside: bool) -> Result<(), ApiError> {
        if inside { constant(false) } else { Ok(()) }
    }
    #[bulkhead(u8::from(wide).into(), name = "limit::converted")]
    fn converted(wide: bool) -> Result<(), ApiError> {
        let _ = wide;
        Ok(())
    }
    assert!(constant(false).is_ok() && constant(true).is_err());
    assert!(converted(true).is_ok());
    assert_eq!(stats("limit::converted").limit, 1);
}

#[test]
#[should_panic(expected = "`max_concurrent` must be at least 1 and at most 1000000, like 25")]
fn a_computed_limit_of_zero_panics_in_the_call() {
    #[bulkhead(size, name = "limit::zero")]
    fn query(size: u32) -> Result<(), ApiError> {
        let _ = size;
        Ok(())
    }
    let _ = query(0);
}

#[test]
fn a_generic_function_has_a_bulkhead_for_each_name() {
    trait Named {
        const NAME: &'static str;
    }
    struct One;
    struct Two;
    impl Named for One {
        const NAME: &'static str = "limit::one";
    }
    impl Named for Two {
        const NAME: &'static str = "limit::two";
    }
    #[bulkhead(1, name = T::NAME)]
    fn enter<T: Named>(inside: &mut dyn FnMut() -> Result<(), ApiError>) -> Result<(), ApiError> {
        inside()
    }
    assert!(enter::<One>(&mut || enter::<One>(&mut || Ok(()))).is_err());
    assert!(enter::<One>(&mut || enter::<Two>(&mut || Ok(()))).is_ok());
    assert_eq!(
        (stats("limit::one").refused, stats("limit::two").refused),
        (1, 0)
    );
}
