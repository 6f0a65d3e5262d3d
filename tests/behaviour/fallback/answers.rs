//! The answer takes the place of the error, whatever form the function has.

use std::{cell::Cell, future::Future, pin::Pin, sync::Arc};

use async_trait::async_trait;
use resilience::fallback;

use super::ApiError;

fn cached(error: &ApiError, key: &str) -> Result<String, ApiError> {
    Ok(format!("{key} although {error:?}"))
}

#[test]
fn a_success_is_returned_and_nobody_is_asked() {
    #[fallback(|_| unreachable!("the call succeeded"))]
    fn load(key: &str) -> Result<String, ApiError> {
        Ok(key.to_owned())
    }
    assert_eq!(load("a"), Ok("a".to_owned()));
}

#[test]
fn a_path_gets_the_error_and_the_arguments() {
    fn stored(
        error: &ApiError,
        key: &String,
        limit: &usize,
        tags: &[&str],
    ) -> Result<String, ApiError> {
        Ok(format!("{error:?} {key} {limit} {}", tags.join("+")))
    }
    #[fallback(stored)]
    fn load(key: String, limit: usize, tags: &[&str]) -> Result<String, ApiError> {
        if limit == 0 {
            return Err(ApiError::Down);
        }
        Ok(format!("{key} {}", tags.len()))
    }
    assert_eq!(load("k".into(), 1, &["a"]), Ok("k 1".to_owned()));
    assert_eq!(
        load("k".into(), 0, &["a", "b"]),
        Ok("Down k 0 a+b".to_owned())
    );
}

#[test]
fn a_closure_gets_the_error_and_may_use_the_arguments() {
    #[fallback(answer = |error| Ok(format!("{key} of {error:?}")))]
    fn load(key: &str) -> Result<String, ApiError> {
        Err(if key.is_empty() {
            ApiError::Down
        } else {
            ApiError::Status(3)
        })
    }
    assert_eq!(load("abc"), Ok("abc of Status(3)".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_async_function_has_an_answer_or_a_future_of_one() {
    async fn later(error: &ApiError, key: &str) -> Result<String, ApiError> {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        cached(error, key)
    }
    #[fallback(cached)]
    async fn by_function(key: &str) -> Result<String, ApiError> {
        let _ = key;
        Err(ApiError::Down)
    }
    #[fallback(later)]
    async fn by_async_function(key: &str) -> Result<String, ApiError> {
        let _ = key;
        Err(ApiError::Down)
    }
    #[fallback(|error| later(error, key))]
    async fn by_closure_of_a_future(key: &str) -> Result<String, ApiError> {
        let _ = key;
        Err(ApiError::Down)
    }
    #[fallback(|error| cached(error, key))]
    async fn by_closure(key: &str) -> Result<String, ApiError> {
        let _ = key;
        Err(ApiError::Down)
    }
    let expected = Ok("k although Down".to_owned());
    assert_eq!(by_function("k").await, expected);
    assert_eq!(by_async_function("k").await, expected);
    assert_eq!(by_closure_of_a_future("k").await, expected);
    assert_eq!(by_closure("k").await, expected);
}

#[test]
fn the_error_of_the_answer_takes_the_place_of_the_first_one() {
    #[fallback(|error| { assert_eq!(*error, ApiError::Down); Err(ApiError::Stale) })]
    fn load() -> Result<u8, ApiError> {
        Err(ApiError::Down)
    }
    assert_eq!(load(), Err(ApiError::Stale));
}

struct Client {
    asked: u32,
}

impl Client {
    fn stale(_: &ApiError, client: &Self, step: &u32) -> Result<u32, ApiError> {
        Ok(client.asked + step)
    }

    async fn counted(_: &ApiError, client: &mut Self, step: &u32) -> Result<u32, ApiError> {
        client.asked += step;
        Ok(client.asked)
    }

    fn shared(_: &ApiError, client: &Arc<Self>, step: &u32) -> Result<u32, ApiError> {
        Ok(client.asked + step)
    }

    #[fallback(Self::stale)]
    fn by_ref(&self, step: u32) -> Result<u32, ApiError> {
        Err(ApiError::Status(step))
    }

    #[fallback(Self::counted)]
    async fn by_mut(&mut self, step: u32) -> Result<u32, ApiError> {
        self.asked += step;
        Err(ApiError::Down)
    }

    #[fallback(Self::stale)]
    fn by_value(self, step: u32) -> Result<u32, ApiError> {
        Err(ApiError::Status(self.asked + step))
    }

    #[fallback(Self::shared, clone(self))]
    async fn by_arc(self: Arc<Self>, step: u32) -> Result<u32, ApiError> {
        drop((self, step));
        Err(ApiError::Down)
    }

    #[fallback(|_| Ok(self.asked))]
    fn in_a_closure(&self) -> Result<u32, ApiError> {
        Err(ApiError::Down)
    }
}

#[tokio::test]
async fn every_receiver_comes_behind_the_error() {
    let mut client = Client { asked: 7 };
    assert_eq!(client.by_ref(1), Ok(8));
    assert_eq!(client.in_a_closure(), Ok(7));
    assert_eq!(client.by_mut(2).await, Ok(11), "the body ran before");
    assert_eq!(client.by_value(1), Ok(12));
    assert_eq!(Arc::new(Client { asked: 7 }).by_arc(1).await, Ok(8));
}

#[async_trait]
trait Search {
    async fn search(&self, query: String, log: &mut Vec<String>) -> Result<String, ApiError>;
}

struct Down;

impl Down {
    async fn stale(
        _: &ApiError,
        _: &Self,
        query: &String,
        log: &mut Vec<String>,
    ) -> Result<String, ApiError> {
        log.push(format!("stale {query}"));
        Ok(query.clone())
    }
}

#[async_trait]
impl Search for Down {
    #[fallback(Self::stale)]
    async fn search(&self, query: String, log: &mut Vec<String>) -> Result<String, ApiError> {
        log.push(format!("live {query}"));
        Err(ApiError::Down)
    }
}

#[tokio::test]
async fn a_method_of_an_async_trait_has_an_answer() {
    let mut log = Vec::new();
    assert_eq!(Down.search("q".into(), &mut log).await, Ok("q".to_owned()));
    assert_eq!(log, ["live q", "stale q"]);
}

#[tokio::test]
async fn a_function_that_returns_a_future_has_an_answer() {
    fn stored(_: &ApiError, key: &str, calls: &Cell<u32>) -> Result<String, ApiError> {
        calls.set(calls.get() + 10);
        Ok(key.to_owned())
    }
    #[fallback(stored)]
    fn of_impl<'a>(
        key: &'a str,
        calls: &'a Cell<u32>,
    ) -> impl Future<Output = Result<String, ApiError>> + use<'a> {
        let _ = key;
        async move {
            calls.set(calls.get() + 1);
            Err(ApiError::Down)
        }
    }
    #[fallback(stored)]
    fn boxed<'a>(
        key: &'a str,
        calls: &'a Cell<u32>,
    ) -> Pin<Box<dyn Future<Output = Result<String, ApiError>> + 'a>> {
        let _ = key;
        calls.set(calls.get() + 1);
        Box::pin(async { Err(ApiError::Down) })
    }
    let calls = Cell::new(0);
    assert_eq!(of_impl("k", &calls).await, Ok("k".to_owned()));
    assert_eq!(boxed("k", &calls).await, Ok("k".to_owned()));
    assert_eq!(calls.get(), 22);
}

#[tokio::test]
async fn without_an_argument_in_the_answer_a_future_is_made_when_the_function_is_called() {
    #[fallback(|_| Ok(0))]
    fn load(calls: &Cell<u32>) -> impl Future<Output = Result<u32, ApiError>> + use<'_> {
        calls.set(calls.get() + 1);
        async { Err(ApiError::Down) }
    }
    let calls = Cell::new(0);
    let future = load(&calls);
    assert_eq!(calls.get(), 1);
    assert_eq!(future.await, Ok(0));
}

#[test]
fn a_generic_function_has_an_answer() {
    fn stored<T: Default>(_: &ApiError, _: &impl AsRef<str>) -> Result<T, ApiError> {
        Ok(T::default())
    }
    #[fallback(|error| stored(error, &key))]
    fn load<T: Default>(key: impl AsRef<str>) -> Result<T, ApiError> {
        Err(if key.as_ref().is_empty() {
            ApiError::Stale
        } else {
            ApiError::Down
        })
    }
    assert_eq!(load::<u64>("key"), Ok(0));
}

#[test]
fn the_function_may_have_an_error_that_is_not_an_error_type() {
    struct Opaque;
    #[fallback(|_: &Opaque| Ok(1))]
    fn load() -> Result<u8, Opaque> {
        Err(Opaque)
    }
    assert!(matches!(load(), Ok(1)));
}

#[tokio::test]
async fn a_panic_of_the_answer_goes_on() {
    #[fallback(|_| -> Result<u8, ApiError> { panic!("no copy") })]
    async fn load() -> Result<u8, ApiError> {
        Err(ApiError::Down)
    }
    let panic = tokio::spawn(load()).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"no copy"));
}

#[test]
fn a_panic_of_the_body_is_not_answered() {
    #[fallback(|_| Ok(1))]
    fn load() -> Result<u8, ApiError> {
        panic!("broken")
    }
    let panic = std::panic::catch_unwind(load).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"broken"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_is_not_answered() {
    #[fallback(|_| { answers.set(answers.get() + 1); Ok(1) })]
    async fn load(answers: &Cell<u32>) -> Result<u8, ApiError> {
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        Err(ApiError::Down)
    }
    let answers = Cell::new(0);
    let short = std::time::Duration::from_secs(1);
    assert!(tokio::time::timeout(short, load(&answers)).await.is_err());
    assert_eq!(answers.get(), 0);
    assert_eq!(load(&answers).await, Ok(1));
    assert_eq!(answers.get(), 1);
}
