//! `#[retry]`, and the budgets of retries.

use std::time::Duration;

use resilience::{RetryBudget, RetryConfig, registry, retry};

use crate::service::{Error, Service};

const RETRY: RetryConfig = RetryConfig::new().max_retries(1).base_delay(Duration::ZERO);
static BUDGET: RetryBudget = RetryBudget::new().ratio(1.0).min_per_second(0);
pub(crate) static BUDGETED: RetryConfig = RETRY.max_retries(5).budget(&BUDGET);

impl Service {
    #[retry(
        max_retries = 3,
        strategy = exponential,
        base_delay = 1ms,
        max_delay = 2ms,
        multiplier = 2.0,
        jitter = full,
        max_elapsed = 1m,
        retry_on(Error::Busy | Error::TimedOut),
        abort_on(Error::NotFound),
        retry_if = Error::is_busy,
        retry_if_ok = |calls| *calls == 2,
        delay_hint = Error::retry_after,
        on_retry = |event| self.count_retry(event),
    )]
    async fn retried(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_attempts = 2, retry_refused = true, config = RETRY, operation = "user.retried", crate = crate::facade::resilience)]
    fn retried_sync(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_retries = 3, base_delay = 0s, budget = "user")]
    async fn budgeted_by_name(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_retries = 3, base_delay = 0s, budget = 0.5)]
    fn budgeted_alone(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_retries = self.busy, base_delay = 0s, budget = &BUDGET)]
    fn budgeted(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(config = BUDGETED)]
    fn budgeted_by_config(&self) -> Result<u32, Error> {
        self.answer()
    }

    // A computed configuration beside a budget once failed with the lowest toolchain alone.
    #[retry(config = RETRY.max_retries(self.busy), budget = &BUDGET)]
    fn budgeted_beside_a_config(&self) -> Result<u32, Error> {
        self.answer()
    }

    #[retry(max_attempts = 3, base_delay = 0s, attempt = n, span = true)]
    async fn numbered(&self) -> Result<(u32, bool), Error> {
        self.answer()?;
        Ok((n.number(), n.is_last()))
    }

    #[retry(max_retries = 1, base_delay = 0s, clone(..))]
    async fn sent_async(&self, text: String) -> Result<String, Error> {
        self.answer()?;
        Ok(text)
    }

    #[retry(max_retries = 1, base_delay = 0s, clone(text), span = true)]
    fn sent(&self, text: String) -> Result<String, Error> {
        self.answer()?;
        Ok(text)
    }
}

pub(crate) async fn run() {
    let service = Service::busy(1);
    assert_eq!(service.retried().await, Ok(3));
    assert_eq!(service.retries.get(), 2);
    let service = Service {
        is_missing: true,
        ..Service::default()
    };
    assert_eq!(service.retried().await, Err(Error::NotFound));
    assert_eq!(service.calls.get(), 1);
    assert_eq!(Service::busy(1).retried_sync(), Ok(2));
    assert_eq!(Service::busy(2).retried_sync(), Err(Error::Busy));
    assert_eq!(Service::busy(2).numbered().await, Ok((3, true)));
    let text = || "text".to_owned();
    assert_eq!(Service::busy(1).sent(text()), Ok(text()));
    assert_eq!(Service::busy(1).sent_async(text()).await, Ok(text()));
    budgets().await;
}

async fn budgets() {
    let budget = RetryBudget::new().ratio(0.001).min_per_second(0);
    assert_eq!(registry::register_budget("user", budget), Ok(()));
    assert_eq!(Service::busy(1).budgeted_by_name().await, Err(Error::Busy));
    let stats = registry::budget("user").expect("it is registered");
    assert_eq!((stats.calls, stats.retries, stats.refused), (1, 0, 1));
    // The floor of one retry a second, for ten seconds.
    assert_eq!(Service::busy(3).budgeted_alone(), Ok(4));

    assert_eq!(Service::busy(5).budgeted(), Err(Error::Busy));
    assert_eq!(Service::busy(5).budgeted_by_config(), Err(Error::Busy));
    assert_eq!(
        Service::busy(5).budgeted_beside_a_config(),
        Err(Error::Busy)
    );
    let stats = BUDGET.stats();
    assert_eq!((stats.calls, stats.retries, stats.refused), (3, 3, 3));
}
