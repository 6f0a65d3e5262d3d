//! `#[hedge]`.

use std::time::Duration;

use resilience::{HedgeConfig, RetryBudget, hedge, registry};

use crate::service::{Error, Service};

static HEDGE: HedgeConfig = HedgeConfig::new(&BUDGET_OF_HEDGES).max_hedges(2);
static BUDGET_OF_HEDGES: RetryBudget = RetryBudget::new();

#[hedge(
    after = 1ms,
    max_hedges = 2,
    budget = 10,
    accept_on(Error::NotFound),
    clone(text),
    operation = "user.hedged",
    crate = crate::facade::resilience,
)]
async fn hedged(service: &Service, text: String) -> Result<u32, Error> {
    drop(text);
    let call = service.answer()?;
    if call == 1 {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    Ok(call)
}

#[hedge(config = HEDGE, after = p95)]
async fn hedged_by_config(service: &Service) -> Result<u32, Error> {
    service.answer()
}

pub(crate) async fn run() {
    assert_eq!(hedged(&Service::default(), "x".to_owned()).await, Ok(2));
    let stats = registry::operation("user.hedged").expect("it ran");
    assert_eq!(stats.hedges, 1);
    assert_eq!(hedged_by_config(&Service::busy(2)).await, Ok(3));
}
