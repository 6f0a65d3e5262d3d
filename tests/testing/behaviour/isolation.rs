//! Scopes share nothing that has a name.

use std::sync::Barrier;
use std::thread;

use resilience::testing::scope;
use resilience::{
    BulkheadFull, CircuitOpen, CircuitState, RateLimited, RetryBudget, bulkhead, circuit_breaker,
    events, inherit, inherit_blocking, rate_limit, registry, retry, timeout,
};

#[derive(Debug, PartialEq)]
enum Error {
    Down,
    Open,
    Full,
    Limited,
    Late,
}

impl From<CircuitOpen> for Error {
    fn from(_: CircuitOpen) -> Self {
        Self::Open
    }
}

impl From<BulkheadFull> for Error {
    fn from(_: BulkheadFull) -> Self {
        Self::Full
    }
}

impl From<RateLimited> for Error {
    fn from(_: RateLimited) -> Self {
        Self::Limited
    }
}

impl From<resilience::TimedOut> for Error {
    fn from(_: resilience::TimedOut) -> Self {
        Self::Late
    }
}

#[circuit_breaker(name = "testing.jira", failure_threshold = 1)]
fn issue(is_up: bool) -> Result<u8, Error> {
    if is_up { Ok(7) } else { Err(Error::Down) }
}

#[circuit_breaker(name = "testing.shared", failure_threshold = 1)]
fn shared(is_up: bool) -> Result<u8, Error> {
    if is_up { Ok(7) } else { Err(Error::Down) }
}

/// Runs two tests of one circuit at the same time: the service of one is down. Returns true if the
/// other one sees nothing of it.
fn is_isolated(with_scopes: bool) -> bool {
    let barrier = Barrier::new(2);
    thread::scope(|threads| {
        threads.spawn(|| {
            let _scope = with_scopes.then(scope);
            assert_eq!(shared(false), Err(Error::Down));
            barrier.wait();
        });
        let other = threads.spawn(|| {
            let _scope = with_scopes.then(scope);
            barrier.wait();
            shared(true) == Ok(7)
        });
        other.join().expect("no panic")
    })
}

#[test]
fn parallel_tests_of_one_named_circuit_met_in_eight_of_eight_runs() {
    for _ in 0..8 {
        registry::remove("testing.shared");
        assert!(!is_isolated(false));
    }
    registry::remove("testing.shared");
    for _ in 0..8 {
        assert!(is_isolated(true));
    }
    assert!(
        registry::get("testing.shared").is_none(),
        "it was in scopes"
    );
}

#[test]
fn a_nested_scope_hides_the_one_around_it_until_it_ends() {
    let _outer = scope();
    assert_eq!(issue(false), Err(Error::Down));
    {
        let _inner = scope();
        assert_eq!(issue(true), Ok(7));
        assert_eq!(registry::all_stats().len(), 1);
    }
    assert_eq!(issue(true), Err(Error::Open));
}

#[circuit_breaker(name = "testing.tenants", key = tenant, failure_threshold = 1)]
fn of_tenant(tenant: &str, is_up: bool) -> Result<u8, Error> {
    if is_up {
        Ok(1)
    } else {
        let _ = tenant;
        Err(Error::Down)
    }
}

#[bulkhead(name = "testing.slots", max_concurrent = 1)]
fn in_slot(inside: impl FnOnce()) -> Result<(), Error> {
    inside();
    Ok(())
}

#[rate_limit(name = "testing.rate", limit = 1, per = 60s)]
fn seldom() -> Result<(), Error> {
    Ok(())
}

#[test]
fn circuits_per_key_bulkheads_and_rate_limits_belong_to_the_scope() {
    let use_all = || {
        assert_eq!(of_tenant("a", false), Err(Error::Down));
        assert_eq!(of_tenant("a", true), Err(Error::Open));
        in_slot(|| assert_eq!(in_slot(|| ()), Err(Error::Full))).expect("a free slot");
        assert_eq!(seldom(), Ok(()));
        assert_eq!(seldom(), Err(Error::Limited));
    };
    for _ in 0..2 {
        let _scope = scope();
        use_all();
        let family = registry::family("testing.tenants").expect("used");
        assert_eq!(family.keys, 1);
        assert_eq!(
            registry::bulkhead("testing.slots").expect("used").refused,
            1
        );
        assert_eq!(
            registry::rate_limit("testing.rate").expect("used").refused,
            1
        );
    }
    assert!(registry::family("testing.tenants").is_none());
    assert!(registry::bulkhead("testing.slots").is_none());
    assert!(registry::rate_limit("testing.rate").is_none());
}

static BUDGET: RetryBudget = RetryBudget::new()
    .ratio(0.001)
    .min_per_second(0)
    .name("testing.budget");

#[retry(max_retries = 1, base_delay = 0s, budget = &BUDGET, operation = "testing.budgeted")]
fn budgeted() -> Result<(), Error> {
    Err(Error::Down)
}

#[retry(max_retries = 1, base_delay = 0s, budget = "testing.named", operation = "testing.named")]
fn budgeted_by_name() -> Result<(), Error> {
    Err(Error::Down)
}

#[test]
fn budgets_and_statistics_of_operations_belong_to_the_scope() {
    for _ in 0..2 {
        let _scope = scope();
        assert!(registry::operations().is_empty());
        budgeted().unwrap_err();
        budgeted_by_name().unwrap_err();
        assert_eq!((BUDGET.stats().calls, BUDGET.stats().refused), (1, 1));
        assert_eq!(registry::budget("testing.named").expect("used").calls, 1);
        let stats = registry::operation("testing.budgeted").expect("it has run");
        assert_eq!((stats.retries, stats.gave_up.budget), (0, 1), "{stats:?}");
        assert_eq!(registry::operations().len(), 2);
    }
    assert_eq!(BUDGET.stats().calls, 0, "of the process");
    assert!(registry::operation("testing.budgeted").is_none());
    assert!(registry::budget("testing.named").is_none());
}

#[test]
fn subscribers_hear_of_the_scope_that_they_subscribed_in() {
    use std::sync::{Arc, Mutex};
    let told = Arc::new(Mutex::new(Vec::new()));
    let subscribe = |name: &'static str| {
        let told = Arc::clone(&told);
        events::subscribe(move |event| {
            if let events::EventKind::StateChanged { circuit, .. } = event.kind {
                told.lock()
                    .expect("no panic")
                    .push((name, circuit.to_owned()));
            }
        })
    };
    let outside = subscribe("outside");
    let inside = {
        let _scope = scope();
        let inside = subscribe("inside");
        issue(false).unwrap_err();
        inside
    };
    // A subscription ends the one that it began, wherever it is dropped.
    drop(inside);
    registry::get_or_register("testing.outside", resilience::CircuitBreakerConfig::new()).trip();
    drop(outside);
    let mut told = told.lock().expect("no panic").clone();
    told.retain(|(_, circuit)| circuit != "testing.shared");
    let expected = [("inside", "testing.jira"), ("outside", "testing.outside")];
    assert_eq!(
        told,
        expected.map(|(name, circuit)| (name, circuit.to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_future_runs_in_the_scope_on_whichever_thread() {
    async fn state() -> Option<CircuitState> {
        tokio::task::yield_now().await;
        registry::get("testing.jira").map(|circuit| circuit.state())
    }
    // The scope belongs to its thread, and this test goes on another one after an await.
    let (inside, outside, later) = {
        let scope = scope();
        issue(false).unwrap_err();
        (scope.run(state()), state(), inherit(state()))
    };
    let open = Some(CircuitState::Open);
    assert_eq!(tokio::spawn(inside).await.expect("no panic"), open);
    assert_eq!(tokio::spawn(later).await.expect("no panic"), open);
    assert_eq!(tokio::spawn(outside).await.expect("no panic"), None);
}

#[test]
fn threads_inherit_the_scope_and_so_does_the_worker_of_a_timeout() {
    #[timeout(60s)]
    fn on_worker() -> Result<u8, Error> {
        issue(true)
    }
    let _scope = scope();
    issue(false).unwrap_err();
    let inherited = inherit_blocking(|| issue(true));
    assert_eq!(
        thread::spawn(inherited).join().expect("no panic"),
        Err(Error::Open)
    );
    assert_eq!(on_worker(), Err(Error::Open));
}
