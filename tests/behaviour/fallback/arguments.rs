//! The body may consume an argument that the answer uses, if `clone(…)` names it.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use resilience::{fallback, retry, timeout};

use super::ApiError;

/// Counts its clones.
#[derive(Debug, Default)]
struct Counted<'c>(Option<&'c AtomicU32>);

impl Clone for Counted<'_> {
    fn clone(&self) -> Self {
        if let Some(clones) = self.0 {
            clones.fetch_add(1, Ordering::Relaxed);
        }
        Self(self.0)
    }
}

/// Takes a value.
fn consume<T>(_: T) {}

fn length(_: &ApiError, text: &String) -> Result<usize, ApiError> {
    Ok(text.len())
}

#[test]
fn the_body_consumes_a_clone() {
    #[fallback(length, clone(text))]
    fn load(text: String) -> Result<usize, ApiError> {
        drop(text);
        Err(ApiError::Down)
    }
    assert_eq!(load("four".into()), Ok(4));
}

#[tokio::test]
async fn an_async_body_consumes_a_clone() {
    #[fallback(|_| Ok(text.len()), clone(text))]
    async fn load(text: String) -> Result<usize, ApiError> {
        tokio::spawn(async move { drop(text) }).await.unwrap();
        Err(ApiError::Down)
    }
    assert_eq!(load("four".into()).await, Ok(4));
}

#[test]
fn every_owned_argument_that_is_clone_is_cloned() {
    struct NotClone(u32);
    fn lengths(_: &ApiError, text: &String, other: &NotClone) -> Result<usize, ApiError> {
        Ok(text.len() + other.0 as usize)
    }
    #[fallback(lengths, clone(..))]
    fn load(text: String, other: NotClone) -> Result<usize, ApiError> {
        drop(text);
        Err(ApiError::Status(other.0))
    }
    assert_eq!(load("four".into(), NotClone(1)), Ok(5));
}

#[test]
fn one_clone_is_made_in_each_call() {
    #[fallback(|_| { let _ = &counted; Ok(()) }, clone(counted))]
    fn load(counted: Counted<'_>, fails: bool) -> Result<(), ApiError> {
        consume(counted);
        if fails { Err(ApiError::Down) } else { Ok(()) }
    }
    let clones = AtomicU32::new(0);
    for fails in [true, false] {
        clones.store(0, Ordering::Relaxed);
        assert_eq!(load(Counted(Some(&clones)), fails), Ok(()));
        assert_eq!(clones.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn beside_the_clone_of_a_retry_an_answer_without_the_argument_makes_none() {
    #[fallback(|_| Ok(()))]
    #[retry(max_retries = 1, base_delay = 0s, clone(counted))]
    fn load(counted: Counted<'_>) -> Result<(), ApiError> {
        consume(counted);
        Err(ApiError::Down)
    }
    let clones = AtomicU32::new(0);
    assert_eq!(load(Counted(Some(&clones))), Ok(()));
    assert_eq!(clones.load(Ordering::Relaxed), 1);
}

#[test]
fn a_closure_without_the_argument_leaves_it_to_the_body() {
    struct NotClone;
    #[fallback(|_| Ok(1))]
    fn load(owned: NotClone) -> Result<u8, ApiError> {
        consume(owned);
        Err(ApiError::Down)
    }
    assert_eq!(load(NotClone), Ok(1));
}

#[test]
fn an_argument_that_a_reference_replaces_needs_no_clone() {
    fn name(_: &ApiError, path: &impl AsRef<Path>) -> Result<String, ApiError> {
        Ok(path.as_ref().display().to_string())
    }
    #[fallback(name)]
    fn read(path: impl AsRef<Path>) -> Result<String, ApiError> {
        std::fs::read_to_string(path).map_err(|_| ApiError::Down)
    }
    assert_eq!(read("/nowhere"), Ok("/nowhere".to_owned()));
}

#[tokio::test]
async fn a_unique_reference_comes_back_to_the_answer() {
    async fn logged(_: &ApiError, log: &mut Vec<u8>, once: &u8) -> Result<u8, ApiError> {
        log.push(2);
        Ok(*once)
    }
    fn hand_on(log: &mut Vec<u8>) -> Result<u8, ApiError> {
        log.push(1);
        Err(ApiError::Down)
    }
    #[fallback(logged)]
    async fn load(log: &mut Vec<u8>, mut once: u8) -> Result<u8, ApiError> {
        once += 1;
        let _ = once;
        hand_on(log)
    }
    let mut log = Vec::new();
    assert_eq!(load(&mut log, 1).await, Ok(2), "the body changed it");
    assert_eq!(log, [1, 2]);
}

#[test]
fn a_borrow_of_an_argument_that_the_answer_does_not_use_may_be_returned() {
    struct Pool(Vec<u8>);
    static NOTHING: [u8; 0] = [];
    impl Pool {
        #[fallback(|_| Ok(&NOTHING))]
        fn first(&self, missing: bool) -> Result<&[u8], ApiError> {
            if missing {
                return Err(ApiError::Down);
            }
            Ok(&self.0)
        }

        #[fallback(|error| Err(error.clone()))]
        fn slot(&mut self) -> Result<&mut u8, ApiError> {
            self.0.first_mut().ok_or(ApiError::Down)
        }
    }
    let mut pool = Pool(vec![7]);
    assert_eq!(pool.first(false), Ok(&[7][..]));
    assert_eq!(pool.first(true), Ok(&[][..]));
    *pool.slot().unwrap() = 9;
    assert_eq!(pool.0, [9]);
    assert_eq!(Pool(Vec::new()).slot(), Err(ApiError::Down));
}

#[test]
fn a_body_on_a_worker_leaves_the_arguments_to_the_answer() {
    #[fallback(length)]
    #[timeout(1m)]
    fn load(text: String) -> Result<usize, ApiError> {
        drop(text);
        Err(ApiError::Down)
    }
    assert_eq!(load("four".into()), Ok(4));
    struct NotClone;
    #[fallback(|_| Ok(1))]
    #[timeout(1m)]
    fn on_a_worker(owned: NotClone) -> Result<u8, ApiError> {
        consume(owned);
        Err(ApiError::Down)
    }
    assert_eq!(on_a_worker(NotClone), Ok(1));
    #[timeout(1m)]
    #[fallback(length, clone(text))]
    fn on_the_worker(text: String) -> Result<usize, ApiError> {
        drop(text);
        Err(ApiError::Down)
    }
    assert_eq!(on_the_worker("four".into()), Ok(4));
}

#[tokio::test(start_paused = true)]
async fn a_clone_serves_retries_on_either_side() {
    fn texts(_: &ApiError, text: &String, calls: &mut u32) -> Result<usize, ApiError> {
        *calls += 10;
        if *calls > 30 {
            Ok(text.len())
        } else {
            Err(ApiError::Stale)
        }
    }
    #[fallback(texts, clone(text))]
    #[retry(max_retries = 2)]
    async fn above(text: String, calls: &mut u32) -> Result<usize, ApiError> {
        *calls += 1;
        drop(text);
        Err(ApiError::Down)
    }
    #[retry(max_retries = 2, clone(text))]
    #[fallback(texts)]
    async fn below(text: String, calls: &mut u32) -> Result<usize, ApiError> {
        *calls += 1;
        drop(text);
        Err(ApiError::Down)
    }
    let mut calls = 0;
    assert_eq!(above("four".into(), &mut calls).await, Err(ApiError::Stale));
    assert_eq!(calls, 13);
    let mut calls = 0;
    assert_eq!(below("four".into(), &mut calls).await, Ok(4));
    assert_eq!(calls, 33);
}

#[test]
fn two_fallbacks_have_the_arguments_both() {
    fn worse(_: &ApiError, text: &String) -> Result<usize, ApiError> {
        Err(ApiError::Status(u32::from(text.is_empty())))
    }
    #[fallback(length)]
    #[fallback(worse, clone(text))]
    fn load(text: String) -> Result<usize, ApiError> {
        drop(text);
        Err(ApiError::Down)
    }
    assert_eq!(load("four".into()), Ok(4));
}
