//! When attempts start, and which of them is the answer.

use std::{future::Future, pin::Pin};

use async_trait::async_trait;
use resilience::hedge;
use tokio::time::Instant;

use super::{ApiError, Service, ms};

#[hedge(after = 200ms, budget = 10, operation = "hedge::plain")]
async fn call(service: &Service) -> Result<u32, ApiError> {
    service.call().await
}

#[hedge(after = 200ms, max_hedges = 2, budget = 10)]
async fn call_thrice(service: &Service) -> Result<u32, ApiError> {
    service.call().await
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_quick_is_the_only_one() {
    let service = Service::new(&[(199, Ok(1))]);
    assert_eq!(call(&service).await, Ok(1));
    assert_eq!(service.counts(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_done_at_once_needs_no_timer() {
    let service = Service::new(&[(0, Ok(1))]);
    assert_eq!(call(&service).await, Ok(1));
    assert_eq!(service.counts(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_first_success_wins_and_the_loser_is_dropped() {
    let start = Instant::now();
    let service = Service::new(&[(1_000, Ok(1)), (10, Ok(2))]);
    assert_eq!(call(&service).await, Ok(2));
    assert_eq!(start.elapsed(), ms(210));
    assert_eq!(service.counts(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn the_slow_first_attempt_may_still_win() {
    let start = Instant::now();
    let service = Service::new(&[(300, Ok(1)), (500, Ok(2))]);
    assert_eq!(call(&service).await, Ok(1));
    assert_eq!(start.elapsed(), ms(300));
    assert_eq!(service.counts(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn each_further_attempt_starts_as_long_after_the_last_one() {
    let start = Instant::now();
    let service = Service::new(&[(1_000, Ok(1)), (1_000, Ok(2)), (50, Ok(3))]);
    assert_eq!(call_thrice(&service).await, Ok(3));
    assert_eq!(start.elapsed(), ms(450));
    assert_eq!(service.counts(), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_success_beside_a_failure_at_the_same_moment_is_seen() {
    let start = Instant::now();
    let service = Service::new(&[(1_000, Ok(1)), (300, Err(2)), (100, Ok(3))]);
    assert_eq!(call_thrice(&service).await, Ok(3));
    assert_eq!(start.elapsed(), ms(500));
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_starts_the_next_one_at_once() {
    let start = Instant::now();
    let service = Service::new(&[(20, Err(1)), (30, Ok(2))]);
    assert_eq!(call(&service).await, Ok(2));
    assert_eq!(start.elapsed(), ms(50));
}

#[tokio::test(start_paused = true)]
async fn after_a_failed_attempt_the_time_counts_from_the_next_one() {
    let start = Instant::now();
    let service = Service::new(&[(20, Err(1)), (1_000, Ok(2)), (1, Ok(3))]);
    assert_eq!(call_thrice(&service).await, Ok(3));
    assert_eq!(start.elapsed(), ms(221));
}

#[tokio::test(start_paused = true)]
async fn if_all_fail_the_error_is_that_of_the_last_one_to_fail() {
    let service = Service::new(&[(300, Err(1)), (50, Err(2))]);
    assert_eq!(call(&service).await, Err(ApiError::Status(1)));
    let service = Service::new(&[(20, Err(1)), (30, Err(2)), (40, Err(3))]);
    assert_eq!(call_thrice(&service).await, Err(ApiError::Status(3)));
    assert_eq!(service.counts(), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_failed_hedge_leaves_the_first_attempt_alone() {
    let service = Service::new(&[(400, Ok(1)), (10, Err(2))]);
    assert_eq!(call(&service).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn an_accepted_error_is_an_answer() {
    #[hedge(after = 200ms, budget = 10, accept_on(ApiError::Status(404 | 410)))]
    async fn find(service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    let service = Service::new(&[(20, Err(404)), (1, Ok(2))]);
    assert_eq!(find(&service).await, Err(ApiError::Status(404)));
    assert_eq!(service.counts(), (1, 1));
    let service = Service::new(&[(1_000, Ok(1)), (10, Err(404))]);
    assert_eq!(find(&service).await, Err(ApiError::Status(404)));
    assert_eq!(service.counts(), (2, 2));
}

struct Client(Service);

#[async_trait]
trait Search {
    async fn search(&self, query: String) -> Result<u32, ApiError>;
}

struct Shards;

#[async_trait]
impl Search for Shards {
    #[hedge(after = 10ms, budget = 10, clone(query))]
    async fn search(&self, query: String) -> Result<u32, ApiError> {
        tokio::time::sleep(ms(5)).await;
        Ok(query.into_bytes().iter().map(|byte| u32::from(*byte)).sum())
    }
}

impl Client {
    #[hedge(after = 200ms, budget = 10)]
    async fn by_ref(&self) -> Result<u32, ApiError> {
        self.0.call().await
    }

    #[hedge(after = 200ms, budget = 10)]
    async fn by_arc(self: &std::rc::Rc<Self>) -> Result<u32, ApiError> {
        self.0.call().await
    }

    #[hedge(after = 200ms, budget = 10)]
    fn of_impl(&self) -> impl Future<Output = Result<u32, ApiError>> + '_ {
        let service = &self.0;
        async move { service.call().await }
    }

    #[hedge(after = 200ms, budget = 10)]
    fn behind_statements(&self, more: u32) -> impl Future<Output = Result<u32, ApiError>> {
        let more = more * 2;
        async move { Ok(self.0.call().await? + more) }
    }

    #[hedge(after = 200ms, budget = 10)]
    fn boxed(&self) -> Pin<Box<dyn Future<Output = Result<u32, ApiError>> + '_>> {
        Box::pin(self.0.call())
    }

    #[hedge(after = 200ms, budget = 10)]
    fn of_a_block(&self) -> Pin<Box<dyn Future<Output = Result<u32, ApiError>> + '_>> {
        Box::pin(async move { self.0.call().await })
    }
}

#[tokio::test(start_paused = true)]
async fn every_form_of_an_async_function_has_attempts() {
    let client = || Client(Service::new(&[(1_000, Ok(1)), (10, Ok(2))]));
    assert_eq!(client().by_ref().await, Ok(2));
    assert_eq!(std::rc::Rc::new(client()).by_arc().await, Ok(2));
    assert_eq!(client().of_impl().await, Ok(2));
    assert_eq!(client().behind_statements(4).await, Ok(10));
    assert_eq!(client().boxed().await, Ok(2));
    assert_eq!(client().of_a_block().await, Ok(2));
    assert_eq!(Shards.search("ab".into()).await, Ok(195));
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_to_another_task() {
    #[hedge(after = 10ms, budget = 10)]
    async fn load(key: &str, id: u32) -> Result<String, ApiError> {
        tokio::time::sleep(ms(50)).await;
        Ok(format!("{key}{id}"))
    }
    let load = tokio::spawn(async { load(&String::from("k"), 7).await });
    assert_eq!(load.await.unwrap(), Ok("k7".to_owned()));
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "`async fn` resumed after completion")]
async fn a_call_cannot_be_polled_after_its_end() {
    let service = Service::new(&[(0, Ok(1))]);
    let mut call = Box::pin(call(&service));
    assert_eq!(call.as_mut().await, Ok(1));
    let _ = call.as_mut().await;
}
