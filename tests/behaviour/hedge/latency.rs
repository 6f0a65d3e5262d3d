//! `after = p95` is the function's own latency.

use resilience::{HedgeConfig, RetryBudget, hedge};
use tokio::time::{Instant, advance, sleep};

use super::{ApiError, ms};

#[hedge(after = p95, budget = 10)]
async fn load(took: u64, begun: &std::cell::Cell<u32>) -> Result<u32, ApiError> {
    begun.set(begun.get() + 1);
    let number = begun.get();
    // A hedge is quick.
    sleep(ms(if number == 1 { took } else { 1 })).await;
    Ok(number)
}

#[tokio::test(start_paused = true)]
async fn there_is_no_hedge_before_a_hundred_calls_and_then_it_starts_after_the_percentile() {
    let call = async |took| {
        let (start, begun) = (Instant::now(), std::cell::Cell::new(0));
        let number = load(took, &begun).await;
        (number, start.elapsed())
    };
    for _ in 0..99 {
        assert_eq!(call(20).await.0, Ok(1));
    }
    advance(ms(5_000)).await;
    assert_eq!(call(1_000).await.0, Ok(1), "99 calls are too few");
    advance(ms(5_000)).await;
    // 95 % of the calls took 20 ms; a bucket is an eighth wide.
    let (number, took) = call(1_000).await;
    assert_eq!(number, Ok(2));
    assert!(took > ms(20) && took <= ms(25), "{took:?}");
    assert_eq!(call(19).await.0, Ok(1), "a quick one has no hedge");
}

#[tokio::test(start_paused = true)]
async fn a_configuration_may_have_a_percentile_too() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(1000.0).name("hedge::p50");
    static HEDGE: HedgeConfig = HedgeConfig::new(&BUDGET).after_percentile(50);
    #[hedge(config = HEDGE)]
    async fn load(took: u64, begun: &std::cell::Cell<u32>) -> Result<u32, ApiError> {
        begun.set(begun.get() + 1);
        sleep(ms(if begun.get() == 1 { took } else { 1 })).await;
        Ok(begun.get())
    }
    for _ in 0..100 {
        assert_eq!(load(10, &std::cell::Cell::new(0)).await, Ok(1));
    }
    advance(ms(5_000)).await;
    assert_eq!(load(500, &std::cell::Cell::new(0)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_first_attempt_failed_is_not_measured() {
    #[hedge(after = p95, budget = 10)]
    async fn load(fails: bool, begun: &std::cell::Cell<u32>) -> Result<u32, ApiError> {
        begun.set(begun.get() + 1);
        let number = begun.get();
        if fails && number == 1 {
            return Err(ApiError::Status(500));
        }
        sleep(ms(if number == 1 { 1_000 } else { 1 })).await;
        Ok(number)
    }
    for _ in 0..100 {
        assert_eq!(load(true, &std::cell::Cell::new(0)).await, Ok(2));
    }
    advance(ms(5_000)).await;
    assert_eq!(
        load(false, &std::cell::Cell::new(0)).await,
        Ok(1),
        "nothing is known of a first attempt that succeeds"
    );
}

#[tokio::test(start_paused = true)]
async fn a_first_attempt_whose_error_is_accepted_is_measured() {
    #[hedge(after = p95, budget = 10, accept_on(ApiError::Status(404)))]
    async fn find(took: u64, begun: &std::cell::Cell<u32>) -> Result<u32, ApiError> {
        begun.set(begun.get() + 1);
        if begun.get() == 1 {
            sleep(ms(took)).await;
            return Err(ApiError::Status(404));
        }
        Ok(begun.get())
    }
    for _ in 0..100 {
        let begun = std::cell::Cell::new(0);
        assert_eq!(find(20, &begun).await, Err(ApiError::Status(404)));
    }
    advance(ms(5_000)).await;
    assert_eq!(find(1_000, &std::cell::Cell::new(0)).await, Ok(2));
}
