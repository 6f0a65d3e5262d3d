//! `fallback =` answers when the circuit refuses.

use std::sync::Arc;

use resilience::{CircuitBreakerConfig, CircuitOpen, CircuitState, circuit_breaker, registry};

use super::{ApiError, circuit, stats};

/// Registers the circuit of that name so that it refuses the first call already.
fn isolate(name: &'static str) {
    registry::get_or_register(name, CircuitBreakerConfig::new()).isolate();
}

#[test]
fn a_path_gets_the_refusal_and_the_arguments() {
    fn cached(
        open: &CircuitOpen,
        query: &String,
        limit: &usize,
        tags: &[&str],
    ) -> Result<String, ApiError> {
        Ok(format!(
            "{}: {query} {limit} {}",
            open.name(),
            tags.join("+")
        ))
    }
    #[circuit_breaker(name = "fallback::path", fallback = cached)]
    fn search(query: String, limit: usize, tags: &[&str]) -> Result<String, ApiError> {
        let _ = (query, limit, tags);
        Ok(String::from("live"))
    }
    // An owned argument comes by reference, and a reference as it is.
    assert_eq!(
        search(String::from("q"), 3, &["a", "b"]),
        Ok(String::from("live"))
    );
    circuit("fallback::path").isolate();
    assert_eq!(
        search(String::from("q"), 3, &["a", "b"]),
        Ok(String::from("fallback::path: q 3 a+b"))
    );
}

#[tokio::test]
async fn the_path_of_an_async_function_is_async() {
    async fn cached(
        open: &CircuitOpen,
        query: &String,
        mut_log: &mut Vec<String>,
    ) -> Result<String, ApiError> {
        tokio::task::yield_now().await;
        mut_log.push(query.clone());
        Ok(open.to_string())
    }
    #[circuit_breaker(name = "fallback::async_path", fallback = cached)]
    async fn search(query: String, log: &mut Vec<String>) -> Result<String, ApiError> {
        log.push(format!("live {query}"));
        Ok(query)
    }
    let mut log = Vec::new();
    assert_eq!(
        search(String::from("q"), &mut log).await,
        Ok(String::from("q"))
    );
    circuit("fallback::async_path").isolate();
    let answer = search(String::from("q"), &mut log).await;
    assert_eq!(
        answer,
        Ok(String::from("circuit `fallback::async_path` is isolated"))
    );
    assert_eq!(log, ["live q", "q"]);
}

#[tokio::test]
async fn a_path_gets_any_receiver_after_the_refusal() {
    isolate("fallback::receiver");
    #[derive(Default)]
    struct Client {
        asked: u32,
    }
    impl Client {
        fn shared(_: &CircuitOpen, client: &Self, step: &u32) -> Result<u32, ApiError> {
            Ok(client.asked + step)
        }
        async fn shared_async(_: &CircuitOpen, client: &Self, step: &u32) -> Result<u32, ApiError> {
            Ok(client.asked + step)
        }
        fn counted(_: &CircuitOpen, client: &mut Self, step: &u32) -> Result<u32, ApiError> {
            client.asked += step;
            Ok(client.asked)
        }
        async fn counted_async(
            _: &CircuitOpen,
            client: &mut Self,
            step: &u32,
        ) -> Result<u32, ApiError> {
            client.asked += step;
            Ok(client.asked)
        }
        async fn counted_arc(
            _: &CircuitOpen,
            client: &Arc<Self>,
            step: &u32,
        ) -> Result<u32, ApiError> {
            Ok(u32::try_from(Arc::strong_count(client)).expect("few") + step)
        }

        #[circuit_breaker(name = "fallback::receiver", fallback = Self::shared)]
        fn by_ref(&self, step: u32) -> Result<u32, ApiError> {
            let _ = step;
            Err(ApiError::Down)
        }
        #[circuit_breaker(name = "fallback::receiver", fallback = Client::shared_async)]
        async fn by_ref_async(&self, step: u32) -> Result<u32, ApiError> {
            let _ = step;
            Err(ApiError::Down)
        }
        #[circuit_breaker(name = "fallback::receiver", fallback = Self::counted)]
        fn by_mut(&mut self, step: u32) -> Result<u32, ApiError> {
            self.asked = step;
            Err(ApiError::Down)
        }
        #[circuit_breaker(name = "fallback::receiver", fallback = Self::counted_async)]
        async fn by_mut_async(&mut self, step: u32) -> Result<u32, ApiError> {
            self.asked = step;
            Err(ApiError::Down)
        }
        #[circuit_breaker(name = "fallback::receiver", fallback = Self::counted)]
        fn by_typed_mut(self: &mut Self, step: u32) -> Result<u32, ApiError> {
            self.asked = step;
            Err(ApiError::Down)
        }
        #[circuit_breaker(name = "fallback::receiver", fallback = Self::shared)]
        fn by_value(self, step: u32) -> Result<u32, ApiError> {
            let Self { asked } = self;
            Err(ApiError::Status(
                u16::try_from(asked + step).unwrap_or(u16::MAX),
            ))
        }
        #[circuit_breaker(name = "fallback::receiver", fallback = Self::counted_arc)]
        async fn by_arc(self: Arc<Self>, step: u32) -> Result<u32, ApiError> {
            drop((self, step));
            Err(ApiError::Down)
        }
        #[circuit_breaker(name = "fallback::receiver", fallback = Self::counted_arc)]
        async fn by_arc_ref(self: &Arc<Self>, step: u32) -> Result<u32, ApiError> {
            let _ = (self, step);
            Err(ApiError::Down)
        }
    }
    let mut client = Client::default();
    assert_eq!(
        (client.by_ref(1), client.by_ref_async(2).await),
        (Ok(1), Ok(2))
    );
    assert_eq!(client.by_mut(1), Ok(1));
    assert_eq!(client.by_mut_async(2).await, Ok(3));
    assert_eq!(client.by_typed_mut(4), Ok(7));
    assert_eq!(client.by_value(1), Ok(8));
    let client = Arc::new(Client::default());
    assert_eq!(client.by_arc_ref(0).await, Ok(1));
    assert_eq!(Arc::clone(&client).by_arc(0).await, Ok(2));
}

#[test]
fn a_mut_argument_is_passed_like_any_other() {
    isolate("fallback::mut_argument");
    fn cached(
        _: &CircuitOpen,
        words: &Vec<&str>,
        count: &u32,
        log: &mut Vec<u32>,
    ) -> Result<usize, ApiError> {
        log.push(*count);
        Ok(words.len())
    }
    #[circuit_breaker(name = "fallback::mut_argument", fallback = cached)]
    fn count(mut words: Vec<&str>, mut count: u32, log: &mut Vec<u32>) -> Result<usize, ApiError> {
        words.push("more");
        count += 1;
        log.push(count);
        Ok(words.len())
    }
    let mut log = Vec::new();
    assert_eq!(count(vec!["a", "b"], 7, &mut log), Ok(2));
    circuit("fallback::mut_argument").reset();
    assert_eq!(count(vec!["a", "b"], 7, &mut log), Ok(3));
    assert_eq!(log, [7, 8]);
}

#[test]
fn a_generic_function_has_a_generic_fallback() {
    isolate("fallback::generic");
    fn cached<T: Clone>(_: &CircuitOpen, value: &T) -> Result<T, ApiError> {
        Ok(value.clone())
    }
    #[circuit_breaker(name = "fallback::generic", fallback = cached)]
    fn call<T: Clone>(value: T) -> Result<T, ApiError> {
        drop(value);
        Err(ApiError::Down)
    }
    #[circuit_breaker(name = "fallback::generic", fallback = cached::<u8>)]
    fn explicit(value: u8) -> Result<u8, ApiError> {
        let _ = value;
        Err(ApiError::Down)
    }
    assert_eq!((call("a"), call(7), explicit(8)), (Ok("a"), Ok(7), Ok(8)));
}

#[test]
fn a_closure_gets_the_refusal_and_may_use_the_arguments() {
    isolate("fallback::closure");
    struct Client {
        cache: String,
    }
    impl Client {
        #[circuit_breaker(name = "fallback::closure", fallback = |open| Ok(format!("{} {query} {}", self.cache, open.name())))]
        fn search(&self, query: &str) -> Result<String, ApiError> {
            let _ = query;
            Err(ApiError::Down)
        }
    }
    #[circuit_breaker(name = "fallback::closure", fallback = |_| Ok(query))]
    fn consumes(query: String) -> Result<String, ApiError> {
        drop(query);
        Err(ApiError::Down)
    }
    #[circuit_breaker(name = "fallback::closure", fallback = |open: &CircuitOpen| {
        let Some(wait) = open.retry_after() else { return Ok(pair.0 + pair.1) };
        Err(ApiError::Status(u16::try_from(wait.as_secs()).unwrap_or(u16::MAX)))
    })]
    fn with_a_body(pair: (u8, u8)) -> Result<u8, ApiError> {
        let _ = pair;
        Err(ApiError::Down)
    }
    let client = Client {
        cache: String::from("cached"),
    };
    assert_eq!(
        client.search("q"),
        Ok(String::from("cached q fallback::closure"))
    );
    assert_eq!(consumes(String::from("q")), Ok(String::from("q")));
    assert_eq!(with_a_body((3, 4)), Ok(7));
}

#[tokio::test]
async fn the_closure_of_an_async_function_returns_a_future() {
    isolate("fallback::async_closure");
    struct Client {
        cache: String,
    }
    impl Client {
        #[circuit_breaker(name = "fallback::async_closure", fallback = |open| self.cached(open, query))]
        async fn method(&self, query: &str) -> Result<String, ApiError> {
            let _ = query;
            Err(ApiError::Down)
        }

        async fn cached(&self, open: &CircuitOpen, query: &str) -> Result<String, ApiError> {
            tokio::task::yield_now().await;
            Ok(format!("{} {query} {}", self.cache, open.name()))
        }
    }
    #[circuit_breaker(name = "fallback::async_closure", fallback = |open| async move {
        tokio::task::yield_now().await;
        Ok(format!("{query} {}", open.name()))
    })]
    async fn block(query: &str) -> Result<String, ApiError> {
        let _ = query;
        Err(ApiError::Down)
    }
    #[circuit_breaker(name = "fallback::async_closure", fallback = async |_| Ok(query.len()))]
    async fn closure(query: String) -> Result<usize, ApiError> {
        drop(query);
        Err(ApiError::Down)
    }
    let client = Client {
        cache: String::from("cached"),
    };
    assert_eq!(
        client.method("q").await,
        Ok(String::from("cached q fallback::async_closure"))
    );
    assert_eq!(
        block("q").await,
        Ok(String::from("q fallback::async_closure"))
    );
    assert_eq!(closure(String::from("four")).await, Ok(4));
}

#[tokio::test]
async fn the_fallback_of_an_async_function_may_answer_at_once() {
    isolate("fallback::at_once");
    fn cached(_: &CircuitOpen, query: &str) -> Result<usize, ApiError> {
        Ok(query.len())
    }
    #[circuit_breaker(name = "fallback::at_once", fallback = cached)]
    async fn path(query: &str) -> Result<usize, ApiError> {
        let _ = query;
        Err(ApiError::Down)
    }
    #[circuit_breaker(name = "fallback::at_once", fallback = |_| Ok(query.len()))]
    async fn closure(query: &str) -> Result<usize, ApiError> {
        let _ = query;
        Err(ApiError::Down)
    }
    assert_eq!((path("four").await, closure("four").await), (Ok(4), Ok(4)));
}

#[tokio::test]
async fn the_future_stays_send_with_a_fallback() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    isolate("fallback::send");
    #[circuit_breaker(name = "fallback::send", fallback = |_| async { Ok(query.len()) })]
    async fn call(query: &str) -> Result<usize, ApiError> {
        tokio::task::yield_now().await;
        Ok(query.len() + 1)
    }
    assert_eq!(send(call("four")).await, Ok(4));
}

#[test]
fn it_answers_refusals_only() {
    #[circuit_breaker(name = "fallback::refusals_only", failure_threshold = 2, fallback = |_| Ok(9))]
    fn call() -> Result<u8, ApiError> {
        Err(ApiError::Down)
    }
    // Also the call that trips the circuit returns its own error.
    assert_eq!(
        [call(), call(), call()],
        [Err(ApiError::Down), Err(ApiError::Down), Ok(9)]
    );
}

#[test]
fn its_answer_is_a_refusal_in_the_statistics_and_no_outcome() {
    const NAME: &str = "fallback::statistics";
    isolate(NAME);
    #[circuit_breaker(name = NAME, failure_if_ok = |_| true, fallback = |open| if fine { Ok(1) } else { Err(open.clone().into()) })]
    fn call(fine: bool) -> Result<u8, ApiError> {
        let _ = fine;
        Ok(0)
    }
    assert_eq!(call(true), Ok(1));
    assert!(call(false).unwrap_err().is_refusal(), "it may fail too");
    let stats = stats(NAME);
    assert_eq!(
        (
            stats.refused,
            stats.successes,
            stats.failures,
            stats.failure_count
        ),
        (2, 0, 0, 0)
    );
    assert_eq!(circuit(NAME).state(), CircuitState::Open);
}

#[test]
fn with_a_fallback_the_error_type_need_not_hold_a_refusal() {
    isolate("fallback::no_conversion");
    #[derive(Debug, PartialEq)]
    struct Plain;
    #[circuit_breaker(name = "fallback::no_conversion", fallback = |_| Ok(1))]
    fn call() -> Result<u8, Plain> {
        Err(Plain)
    }
    assert_eq!(call(), Ok(1));
}

#[tokio::test]
async fn a_path_may_take_what_an_argument_converts_to() {
    fn slices(open: &CircuitOpen, text: &str, list: &[u8]) -> Result<String, ApiError> {
        Ok(format!("{}: {text} {}", open.name(), list.len()))
    }
    async fn any<T: std::fmt::Debug + ?Sized>(
        _: &CircuitOpen,
        text: &T,
    ) -> Result<String, ApiError> {
        Ok(format!("{text:?}"))
    }
    #[circuit_breaker(name = "fallback::converted", fallback = slices)]
    fn search(text: String, list: Vec<u8>) -> Result<String, ApiError> {
        Ok(format!("{text}{list:?}"))
    }
    #[circuit_breaker(name = "fallback::generic", fallback = any)]
    async fn search_any(text: String) -> Result<String, ApiError> {
        Ok(text)
    }
    isolate("fallback::converted");
    isolate("fallback::generic");
    assert_eq!(
        search("q".to_owned(), vec![1, 2]),
        Ok("fallback::converted: q 2".to_owned())
    );
    assert_eq!(search_any("q".to_owned()).await, Ok("\"q\"".to_owned()));
}
