//! Each loser is dropped exactly once, whatever ends the call.

use std::{
    cell::Cell,
    future::{Future, pending},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    task::{Context, Poll, Waker},
};

use resilience::hedge;
use tokio::time::{advance, sleep};

use super::{ApiError, Service, ms};

#[hedge(after = 10ms, max_hedges = 3, budget = 10)]
async fn call(service: &Service) -> Result<u32, ApiError> {
    service.call().await
}

#[tokio::test(start_paused = true)]
async fn a_winner_drops_all_others_before_the_call_returns() {
    let service = Service::new(&[(100, Ok(1)), (100, Ok(2)), (100, Ok(3)), (5, Ok(4))]);
    assert_eq!(call(&service).await, Ok(4));
    assert_eq!(service.counts(), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_at_any_time_drops_all_attempts_once() {
    for time in 0..60 {
        let service = Service::new(&[(1_000, Ok(1))]);
        let mut call = Box::pin(call(&service));
        for _ in 0..time {
            let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            advance(ms(1)).await;
        }
        drop(call);
        let (begun, over) = service.counts();
        assert_eq!(begun, over, "after {time} ms");
        assert!(time < 50 || begun == 4, "{begun} attempts after {time} ms");
        advance(ms(5_000)).await;
        assert_eq!(service.counts(), (begun, over), "nothing runs on");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_an_attempt_reaches_the_caller_and_drops_the_others_once() {
    struct Attempt<'c>(&'c Cell<i32>);
    impl Drop for Attempt<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }
    #[hedge(after = 10ms, budget = 10)]
    async fn load(begun: &Cell<u32>, running: &Cell<i32>) -> Result<u32, ApiError> {
        running.set(running.get() + 1);
        let _attempt = Attempt(running);
        begun.set(begun.get() + 1);
        if begun.get() == 1 {
            return pending().await;
        }
        sleep(ms(1)).await;
        resume_unwind(Box::new("broken"))
    }
    let (begun, running) = (Cell::new(0), Cell::new(0));
    let panic = {
        let mut call = Box::pin(load(&begun, &running));
        loop {
            let mut poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            match catch_unwind(AssertUnwindSafe(&mut poll)) {
                Ok(polled) => assert!(polled.is_pending()),
                Err(panic) => break panic,
            }
            advance(ms(1)).await;
        }
    };
    assert_eq!(panic.downcast_ref(), Some(&"broken"));
    assert_eq!((begun.get(), running.get()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_loser_that_panics_in_its_drop_does_not_keep_the_others() {
    struct Attempt<'c>(&'c Cell<u32>, bool);
    impl Drop for Attempt<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            if self.1 {
                resume_unwind(Box::new("in a drop"));
            }
        }
    }
    #[hedge(after = 10ms, max_hedges = 2, budget = 10)]
    async fn load(begun: &Cell<u32>, dropped: &Cell<u32>) -> Result<u32, ApiError> {
        begun.set(begun.get() + 1);
        let number = begun.get();
        let _attempt = Attempt(dropped, number == 1);
        sleep(ms(if number == 3 { 1 } else { 1_000 })).await;
        Ok(number)
    }
    let (begun, dropped) = (Cell::new(0), Cell::new(0));
    {
        let mut call = pin!(load(&begun, &dropped));
        let panic = loop {
            let mut poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            match catch_unwind(AssertUnwindSafe(&mut poll)) {
                Ok(Poll::Pending) => advance(ms(1)).await,
                Ok(Poll::Ready(_)) => unreachable!("a drop panics"),
                Err(panic) => break panic,
            }
        };
        assert_eq!(panic.downcast_ref(), Some(&"in a drop"));
    }
    assert_eq!((begun.get(), dropped.get()), (3, 3));
}
