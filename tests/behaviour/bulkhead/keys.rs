//! A bulkhead for each key.

use resilience::{bulkhead, registry};
use tokio::time::{Duration, advance, sleep};

use super::{ApiError, stats};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn each_key_has_slots_of_its_own() {
    #[bulkhead(1, name = "keys::own", key = tenant)]
    async fn search(tenant: &str) -> Result<usize, ApiError> {
        sleep(SECOND).await;
        Ok(tenant.len())
    }
    let (one, again, two) = tokio::join!(search("one"), search("one"), search("two!"));
    let Err(ApiError::Full(full)) = again else {
        panic!("the tenant has one slot")
    };
    assert_eq!((one, two), (Ok(3), Ok(4)));
    assert_eq!((full.name(), full.key()), ("keys::own", Some("one")));
    assert_eq!(
        full.to_string(),
        "bulkhead `keys::own` of `one` is full with 1 call"
    );

    let all = stats("keys::own");
    assert_eq!(
        (all.key.as_deref(), all.keys, all.admitted, all.refused),
        (None, 2, 2, 1)
    );
    let one = registry::bulkhead_of_key("keys::own", "one").unwrap();
    assert_eq!(
        (one.key.as_deref(), one.admitted, one.refused),
        (Some("one"), 1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn keys_beyond_the_bound_share_until_one_is_idle() {
    #[bulkhead(1, name = "keys::bound", key = tenant, max_keys = 1, idle = 10s)]
    async fn search(tenant: u32) -> Result<u32, ApiError> {
        sleep(SECOND).await;
        Ok(tenant)
    }
    let (one, two, three) = tokio::join!(search(1), search(2), search(3));
    assert_eq!((one, two), (Ok(1), Ok(2)));
    let Err(ApiError::Full(full)) = three else {
        panic!("it shares the slot of the second")
    };
    assert_eq!((full.name(), full.key()), ("keys::bound{*}", Some("3")));
    advance(SECOND * 10).await;
    assert_eq!(search(4).await, Ok(4));
    let stats = stats("keys::bound");
    assert_eq!((stats.keys, stats.overflow, stats.evicted), (1, 2, 1));
    assert_eq!(
        (stats.admitted, stats.refused),
        (3, 1),
        "forgotten keys are counted, too"
    );
}

#[test]
fn a_key_is_evaluated_once_per_call_and_may_be_any_expression() {
    #[resilience::retry(max_retries = 2, base_delay = 0s)]
    #[bulkhead(1, name = "keys::once", key = { calls.set(calls.get() + 1); calls.get() })]
    fn search(calls: &std::cell::Cell<u32>) -> Result<(), ApiError> {
        let _ = calls;
        Err(ApiError::Down)
    }
    let calls = std::cell::Cell::new(0);
    assert_eq!(search(&calls), Err(ApiError::Down));
    assert_eq!(calls.get(), 1);
    assert_eq!(
        registry::bulkhead_of_key("keys::once", "1")
            .unwrap()
            .admitted,
        3
    );
}
