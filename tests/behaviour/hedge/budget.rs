//! The budget bounds the extra load.

use std::{cell::Cell, time::Duration};

use resilience::{HedgeConfig, RetryBudget, hedge, registry, retry};

use super::{ApiError, Service, ms};

#[tokio::test(start_paused = true)]
async fn if_all_calls_are_slow_the_extra_load_is_the_budget() {
    static BUDGET: RetryBudget = RetryBudget::new()
        .ratio(0.1)
        .min_per_second(0)
        .name("hedge::all_slow");
    #[hedge(after = 10ms, budget = &BUDGET)]
    async fn slow(attempts: &Cell<u32>) -> Result<(), ApiError> {
        attempts.set(attempts.get() + 1);
        tokio::time::sleep(ms(100)).await;
        Ok(())
    }
    let attempts = Cell::new(0);
    let calls = (0..200).map(|_| slow(&attempts));
    assert!(
        futures_util::future::join_all(calls)
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(attempts.get(), 220, "200 calls and a tenth more");
    let stats = BUDGET.stats();
    assert_eq!((stats.calls, stats.retries, stats.refused), (200, 20, 180));
}

#[tokio::test(start_paused = true)]
async fn the_hits_of_a_cache_pay_for_no_hedge_of_a_miss() {
    static BUDGET: RetryBudget = RetryBudget::new()
        .ratio(0.1)
        .min_per_second(0)
        .name("hedge::cache");
    #[hedge(after = 10ms, budget = &BUDGET)]
    async fn read(is_hit: bool, attempts: &Cell<u32>) -> Result<(), ApiError> {
        attempts.set(attempts.get() + 1);
        if !is_hit {
            tokio::time::sleep(ms(100)).await;
        }
        Ok(())
    }
    let attempts = Cell::new(0);
    for _ in 0..99 {
        read(true, &attempts).await.unwrap();
    }
    assert_eq!(BUDGET.stats().calls, 0);
    read(false, &attempts).await.unwrap();
    assert_eq!(attempts.get(), 100, "the miss has no hedge");
    let stats = BUDGET.stats();
    assert_eq!((stats.calls, stats.retries, stats.refused), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_often_or_fails_deposits_once() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(1.0).name("hedge::once");
    #[hedge(after = 10ms, max_hedges = 2, budget = &BUDGET)]
    async fn load(service: &Service) -> Result<u32, ApiError> {
        tokio::task::yield_now().await;
        service.call().await
    }
    let service = Service::new(&[(50, Err(1)), (5, Err(2)), (5, Err(3))]);
    load(&service).await.unwrap_err();
    assert_eq!(BUDGET.stats().calls, 1);
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_is_used_up_leaves_the_running_attempts_alone() {
    #[hedge(after = 10ms, budget = &EMPTY)]
    async fn load(service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    static EMPTY: RetryBudget = RetryBudget::new()
        .ratio(0.001)
        .min_per_second(0)
        .name("hedge::empty");
    let service = Service::new(&[(50, Ok(1))]);
    assert_eq!(load(&service).await, Ok(1));
    let service = Service::new(&[(5, Err(1))]);
    assert_eq!(load(&service).await, Err(ApiError::Status(1)));
    assert_eq!(service.counts(), (1, 1));
    assert_eq!(EMPTY.stats().refused, 2);
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_said_no_in_time_is_not_asked_again_in_this_call() {
    static EMPTY: RetryBudget = RetryBudget::new()
        .ratio(0.001)
        .min_per_second(0)
        .name("hedge::asked_once");
    #[hedge(after = 10ms, budget = &EMPTY)]
    async fn load() -> Result<u32, ApiError> {
        for _ in 0..50 {
            tokio::time::sleep(ms(1)).await;
        }
        Ok(1)
    }
    assert_eq!(load().await, Ok(1));
    assert_eq!(EMPTY.stats().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_with_the_same_budget_deposits_for_both() {
    #[retry(max_retries = 2, base_delay = 0s, budget = "hedge::shared")]
    #[hedge(after = 10ms, budget = "hedge::shared")]
    async fn load() -> Result<u32, ApiError> {
        Err(ApiError::Status(1))
    }
    registry::register_budget("hedge::shared", RetryBudget::new().ratio(1000.0)).unwrap();
    assert_eq!(load().await, Err(ApiError::Status(1)));
    let stats = registry::budget("hedge::shared").unwrap();
    // Three attempts of the retry, each with a hedge behind its failure.
    assert_eq!((stats.calls, stats.retries), (1, 5));
}

#[tokio::test(start_paused = true)]
async fn another_budget_deposits_for_itself() {
    #[retry(max_retries = 2, base_delay = 0s, budget = "hedge::of_the_retry")]
    #[hedge(after = 10ms, budget = "hedge::of_the_hedge")]
    async fn load() -> Result<u32, ApiError> {
        Err(ApiError::Status(1))
    }
    assert_eq!(load().await, Err(ApiError::Status(1)));
    let stats = |name| registry::budget(name).unwrap();
    assert_eq!(stats("hedge::of_the_retry").calls, 1);
    assert_eq!(stats("hedge::of_the_hedge").calls, 3);
}

#[tokio::test(start_paused = true)]
async fn a_configuration_brings_a_budget() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(1.0).name("hedge::of_config");
    static HEDGE: HedgeConfig = HedgeConfig::new(&BUDGET).after(Duration::from_millis(5));
    #[hedge(config = HEDGE)]
    async fn load(service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    #[hedge(config = HEDGE, max_hedges = 2)]
    async fn twice(service: &Service) -> Result<u32, ApiError> {
        service.call().await
    }
    let service = Service::new(&[(100, Ok(1)), (20, Ok(2)), (1, Ok(3))]);
    assert_eq!(load(&service).await, Ok(2));
    let service = Service::new(&[(100, Ok(1)), (20, Ok(2)), (1, Ok(3))]);
    assert_eq!(twice(&service).await, Ok(3));
    assert_eq!(BUDGET.stats().retries, 3);
}
