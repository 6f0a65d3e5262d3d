//! `operation = …` on any attribute names the whole stack.

use std::cell::RefCell;
use std::future::pending;
use std::time::Duration;

use resilience::{
    CircuitBreakerConfig, CircuitOpen, RetryEvent, TimedOut, TimeoutConfig, circuit_breaker,
    registry, retry, timeout,
};

const NAME: &str = "name.constant";

#[derive(Debug)]
enum Error {
    Open,
    Late(TimedOut),
}

impl From<CircuitOpen> for Error {
    fn from(_: CircuitOpen) -> Self {
        Self::Open
    }
}

impl From<TimedOut> for Error {
    fn from(late: TimedOut) -> Self {
        Self::Late(late)
    }
}

/// The names that the hook of the retry and the error of the timeout say.
#[derive(Default)]
struct Said(RefCell<Vec<String>>);

impl Said {
    fn retry(&self, event: &RetryEvent<'_, (), Error>) {
        self.0.borrow_mut().push(event.operation.to_owned());
    }

    fn error(self, outcome: Result<(), Error>) -> Vec<String> {
        let mut said = self.0.into_inner();
        said.push(match outcome {
            Err(Error::Late(late)) => late.operation().to_owned(),
            outcome => panic!("{outcome:?}"),
        });
        said
    }
}

#[tokio::test(start_paused = true)]
async fn any_attribute_of_the_stack_names_all_of_it() {
    #[retry(max_retries = 1, operation = "name.top", on_retry = |event| said.retry(event))]
    #[timeout(1s)]
    async fn top(said: &Said) -> Result<(), Error> {
        pending().await
    }
    #[retry(max_retries = 1, on_retry = |event| said.retry(event))]
    #[circuit_breaker(operation = "name.middle")]
    #[timeout(1s)]
    async fn middle(said: &Said) -> Result<(), Error> {
        pending().await
    }
    #[retry(max_retries = 1, on_retry = |event| said.retry(event))]
    #[timeout(1s, operation = NAME)]
    async fn bottom(said: &Said) -> Result<(), Error> {
        pending().await
    }
    let said = Said::default();
    let outcome = top(&said).await;
    assert_eq!(said.error(outcome), ["name.top"; 2]);
    let said = Said::default();
    let outcome = middle(&said).await;
    assert_eq!(said.error(outcome), ["name.middle"; 2]);
    let said = Said::default();
    let outcome = bottom(&said).await;
    assert_eq!(said.error(outcome), [NAME; 2]);
}

#[tokio::test(start_paused = true)]
async fn without_a_name_it_is_the_path_of_the_function() {
    #[retry(max_retries = 1, on_retry = |event| said.retry(event))]
    #[timeout(1s)]
    async fn fetch(said: &Said) -> Result<(), Error> {
        pending().await
    }
    let said = Said::default();
    let outcome = fetch(&said).await;
    assert_eq!(said.error(outcome), [concat!(module_path!(), "::fetch"); 2]);
}

#[tokio::test(start_paused = true)]
async fn the_same_name_on_several_attributes_is_one_name() {
    #[retry(max_retries = 0, operation = "name.constant")]
    #[circuit_breaker(operation = concat!("name", ".constant"))]
    #[timeout(1s, operation = NAME)]
    async fn fetch() -> Result<(), Error> {
        pending().await
    }
    let Err(Error::Late(late)) = fetch().await else {
        panic!("it takes too long")
    };
    assert_eq!(late.operation(), NAME);
}

#[test]
fn a_circuit_without_a_name_goes_by_the_operation() {
    #[circuit_breaker]
    #[timeout(1m, mode = cooperative, operation = "name.of the circuit")]
    fn unnamed() -> Result<(), Error> {
        Ok(())
    }
    #[circuit_breaker(name = "name.named circuit", operation = "name.not of the circuit")]
    fn named() -> Result<(), Error> {
        Ok(())
    }
    unnamed().unwrap();
    named().unwrap();
    assert!(registry::get("name.of the circuit").is_some());
    assert!(registry::get("name.named circuit").is_some());
    assert!(registry::get("name.not of the circuit").is_none());
}

#[tokio::test(start_paused = true)]
async fn the_name_of_the_attribute_wins_over_that_of_a_configuration() {
    const LIMIT: TimeoutConfig =
        TimeoutConfig::new(Duration::from_secs(1)).operation("name.shared limit");
    #[timeout(config = LIMIT)]
    async fn unnamed() -> Result<(), TimedOut> {
        pending().await
    }
    #[retry(max_retries = 0, operation = "name.of the stack")]
    #[timeout(config = LIMIT)]
    async fn named() -> Result<(), TimedOut> {
        pending().await
    }
    assert_eq!(
        unnamed().await.unwrap_err().operation(),
        "name.shared limit"
    );
    assert_eq!(named().await.unwrap_err().operation(), "name.of the stack");
}

/// Each instance of a generic may have a name of its own.
trait Service {
    const NAME: &str;

    #[retry(max_retries = 1, operation = Self::NAME, on_retry = |event| said.retry(event))]
    #[circuit_breaker]
    #[timeout(1s)]
    async fn fetch(&self, said: &Said) -> Result<(), Error> {
        pending().await
    }
}

struct Jira;

impl Service for Jira {
    const NAME: &str = "name.jira";
}

struct Search;

impl Service for Search {
    const NAME: &str = "name.search";
}

#[tokio::test(start_paused = true)]
async fn each_instance_of_a_generic_has_its_own_name() {
    let said = Said::default();
    let outcome = Jira.fetch(&said).await;
    assert_eq!(said.error(outcome), [Jira::NAME; 2]);
    let said = Said::default();
    let outcome = Search.fetch(&said).await;
    assert_eq!(said.error(outcome), [Search::NAME; 2]);
    for name in [Jira::NAME, Search::NAME] {
        let circuit = registry::get_or_register(name, CircuitBreakerConfig::new());
        assert_eq!(circuit.stats().failures, 2, "{name}");
    }
}

#[test]
fn a_sync_timeout_on_a_worker_has_the_name_of_the_instance() {
    struct Db;
    impl Db {
        const NAME: &str = "name.db";

        #[retry(max_retries = 0, operation = Self::NAME)]
        #[timeout(10ms)]
        #[circuit_breaker]
        fn query(self: std::sync::Arc<Self>) -> Result<(), Error> {
            while !resilience::is_abandoned() {
                std::thread::yield_now();
            }
            Ok(())
        }
    }
    let Err(Error::Late(late)) = std::sync::Arc::new(Db).query() else {
        panic!("it takes too long")
    };
    assert_eq!(late.operation(), Db::NAME);
}
