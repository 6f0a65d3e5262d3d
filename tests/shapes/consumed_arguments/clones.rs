//! How often and when an argument is cloned.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[derive(Debug)]
struct Counted(Arc<AtomicU32>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Relaxed);
        Self(Arc::clone(&self.0))
    }
}

#[retry(max_retries = 2, base_delay = 0s, clone(..))]
fn consume(flaky: &Flaky, counted: Counted) -> Result<Counted, Error> {
    take(flaky, counted)
}

#[retry(max_retries = 2, base_delay = 0s, clone(..))]
#[timeout(30s)]
fn consume_on_a_worker(flaky: Flaky, counted: Counted) -> Result<Counted, Error> {
    take(&flaky, counted)
}

#[retry(max_retries = 2, base_delay = 0s)]
#[timeout(30s)]
fn on_a_worker(flaky: Flaky, counted: Counted) -> Result<Counted, Error> {
    take(&flaky, counted)
}

#[test]
fn an_attempt_that_another_one_may_follow_gets_a_clone_and_the_last_one_none() {
    for (failures, clones) in [(0, 1), (1, 2), (2, 2), (3, 2)] {
        let count = Arc::default();
        let answer = consume(&Flaky::failing(failures), Counted(Arc::clone(&count)));
        assert_eq!(answer.is_ok(), failures < 3);
        assert_eq!(count.load(Relaxed), clones, "{failures} failures");
    }
}

#[test]
fn the_last_attempts_worker_gets_the_original() {
    for (failures, cloned, copied) in [(0, 1, 1), (2, 2, 3), (3, 2, 3)] {
        let count = Arc::default();
        let answer = consume_on_a_worker(Flaky::failing(failures), Counted(Arc::clone(&count)));
        assert_eq!(answer.is_ok(), failures < 3);
        assert_eq!(count.load(Relaxed), cloned, "{failures} failures");

        let count = Arc::default();
        let answer = on_a_worker(Flaky::failing(failures), Counted(Arc::clone(&count)));
        assert_eq!(answer.is_ok(), failures < 3);
        assert_eq!(count.load(Relaxed), copied, "{failures} failures");
    }
}

#[derive(Clone)]
struct Client(Flaky);

impl Client {
    #[retry(base_delay = 0s, clone(self))]
    #[timeout(30s)]
    fn send(self) -> Result<u32, Error> {
        self.0.call()
    }
}

#[test]
fn a_receiver_that_is_cloned_need_not_be_copy_on_a_worker() {
    assert_eq!(Client(Flaky::failing(2)).send(), Ok(3));
}
