//! Values of options, and the configuration as a value.

use std::time::Duration;

use resilience::{HedgeConfig, RetryBudget, hedge, registry};

use super::{ApiError, Service, ms};

static BUDGET: RetryBudget = RetryBudget::new().ratio(1000.0).name("hedge::config");

#[test]
fn setters_are_read_back() {
    let config = HedgeConfig::new(&BUDGET);
    assert_eq!(
        (config.get_after(), config.get_after_percentile()),
        (None, Some(95))
    );
    assert_eq!(config.get_max_hedges(), 1);
    let config = config.after(ms(5)).max_hedges(3);
    assert_eq!(
        (config.get_after(), config.get_after_percentile()),
        (Some(ms(5)), None)
    );
    assert_eq!(config.get_max_hedges(), 3);
    assert_eq!(config.after_percentile(50).get_after_percentile(), Some(50));
    assert!(config.get_budget().is_some());
}

#[test]
#[should_panic(expected = "`after` must be longer than zero")]
fn a_hedge_at_once_is_refused() {
    let _ = HedgeConfig::new(&BUDGET).after(Duration::ZERO);
}

#[test]
#[should_panic(expected = "`after_percentile` must be from 1 to 99")]
fn a_percentile_of_a_hundred_is_refused() {
    let _ = HedgeConfig::new(&BUDGET).after_percentile(100);
}

#[test]
#[should_panic(expected = "`max_hedges` must be at least 1")]
fn no_hedge_at_all_is_refused() {
    let _ = HedgeConfig::new(&BUDGET).max_hedges(0);
}

#[tokio::test(start_paused = true)]
async fn values_may_be_computed_in_each_call() {
    struct Client {
        after: Duration,
        hedges: u32,
        budget: &'static RetryBudget,
    }
    impl Client {
        const HEDGES: u32 = 1;

        #[hedge(after = self.after, max_hedges = self.hedges, budget = self.budget)]
        async fn computed(&self, service: &Service) -> Result<u32, ApiError> {
            service.call().await
        }

        #[hedge(after = 5ms, max_hedges = Self::HEDGES, budget = 10)]
        async fn generic(&self, service: &Service) -> Result<u32, ApiError> {
            service.call().await
        }
    }
    let client = Client {
        after: ms(5),
        hedges: 2,
        budget: &BUDGET,
    };
    let service = || Service::new(&[(100, Ok(1)), (100, Ok(2)), (1, Ok(3))]);
    assert_eq!(client.computed(&service()).await, Ok(3));
    assert_eq!(client.generic(&service()).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn the_statistics_describe_the_layer() {
    #[hedge(after = 200ms, budget = &BUDGET, operation = "hedge::described")]
    async fn load() -> Result<u32, ApiError> {
        Ok(1)
    }
    #[hedge(after = p99, budget = 0.1, operation = "hedge::described_percentile")]
    async fn percentile() -> Result<u32, ApiError> {
        Ok(1)
    }
    assert_eq!(load().await, Ok(1));
    assert_eq!(percentile().await, Ok(1));
    let settings = |name: &str| {
        let stack = registry::operation(name).unwrap().stack;
        assert_eq!(stack[0].policy, "hedge");
        let settings = stack[0].settings.iter();
        settings
            .map(|setting| format!("{}={}", setting.setting, setting.value))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        settings("hedge::described"),
        ["after=200ms", "max_hedges=1", "budget=hedge::config"]
    );
    assert_eq!(
        settings("hedge::described_percentile"),
        [
            "after=p99",
            "max_hedges=1",
            "budget=hedge::described_percentile"
        ]
    );
}
