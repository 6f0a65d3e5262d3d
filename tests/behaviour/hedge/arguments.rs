//! Attempts share the arguments, and own the clones that `clone(…)` asks for.

use std::path::Path;

use resilience::{fallback, hedge, retry};

use super::{ApiError, ms};

#[tokio::test(start_paused = true)]
async fn each_attempt_consumes_a_clone() {
    #[hedge(after = 10ms, max_hedges = 2, budget = 10, clone(text))]
    async fn load(text: String, kept: &std::cell::RefCell<Vec<String>>) -> Result<usize, ApiError> {
        kept.borrow_mut().push(text);
        tokio::time::sleep(ms(25)).await;
        Ok(kept.borrow().len())
    }
    let kept = std::cell::RefCell::default();
    assert_eq!(load("text".into(), &kept).await, Ok(3));
    assert_eq!(kept.into_inner(), ["text"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_body_may_borrow_or_change_its_clone() {
    #[hedge(after = 10ms, budget = 10, clone(..))]
    async fn load(
        mut count: u32,
        text: String,
        unclonable: std::sync::Mutex<u32>,
    ) -> Result<u32, ApiError> {
        count += u32::from(!text.is_empty()) * 4;
        *unclonable.lock().unwrap() += 1;
        tokio::time::sleep(ms(20)).await;
        count += *unclonable.lock().unwrap();
        Ok(count)
    }
    assert_eq!(load(1, "four".into(), 0.into()).await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn arguments_that_a_reference_replaces_are_lent() {
    #[hedge(after = 10ms, budget = 10)]
    async fn name(path: impl AsRef<Path>, map: impl Fn(u32) -> u32) -> Result<String, ApiError> {
        tokio::time::sleep(ms(15)).await;
        let number = map(1);
        Ok(format!("{} {number}", path.as_ref().display()))
    }
    assert_eq!(name("a/b", |n| n + 1).await, Ok("a/b 2".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_is_converted_is_converted_once() {
    #[hedge(after = 10ms, budget = 10, clone(text))]
    async fn send(text: impl Into<String>) -> Result<String, ApiError> {
        let text: String = text.into();
        tokio::time::sleep(ms(15)).await;
        Ok(text)
    }
    assert_eq!(send("text").await, Ok("text".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn clones_serve_layers_on_either_side() {
    #[retry(max_retries = 1, base_delay = 0s)]
    #[hedge(after = 10ms, budget = 10, clone(text))]
    async fn inside(text: String, calls: &std::cell::Cell<usize>) -> Result<usize, ApiError> {
        calls.set(calls.get() + 1);
        let length = text.into_bytes().len();
        if calls.get() < 4 {
            Err(ApiError::Status(0))
        } else {
            Ok(length)
        }
    }
    #[hedge(after = 10ms, budget = 10)]
    #[retry(max_retries = 3, base_delay = 0s, clone(text))]
    async fn outside(text: String, calls: &std::cell::Cell<usize>) -> Result<usize, ApiError> {
        calls.set(calls.get() + 1);
        let length = text.into_bytes().len();
        if calls.get() < 8 {
            Err(ApiError::Status(0))
        } else {
            Ok(length)
        }
    }
    fn length(
        _: &ApiError,
        text: &String,
        calls: &std::cell::Cell<usize>,
    ) -> Result<usize, ApiError> {
        calls.set(calls.get() + 10);
        Ok(text.len())
    }
    #[fallback(length)]
    #[hedge(after = 10ms, budget = 10, clone(text))]
    async fn above(text: String, calls: &std::cell::Cell<usize>) -> Result<usize, ApiError> {
        drop(text);
        calls.set(calls.get() + 1);
        Err(ApiError::Status(0))
    }
    #[hedge(after = 10ms, budget = 10)]
    #[fallback(length, clone(text))]
    async fn below(text: String, calls: &std::cell::Cell<usize>) -> Result<usize, ApiError> {
        drop(text);
        calls.set(calls.get() + 1);
        Err(ApiError::Status(0))
    }
    let calls = std::cell::Cell::new(0);
    assert_eq!(inside("four".into(), &calls).await, Ok(4));
    calls.set(0);
    assert_eq!(outside("four".into(), &calls).await, Ok(4));
    assert_eq!(calls.replace(0), 8);
    assert_eq!(above("four".into(), &calls).await, Ok(4));
    assert_eq!(calls.replace(0), 12);
    assert_eq!(below("four".into(), &calls).await, Ok(4));
    assert_eq!(calls.get(), 11);
}
