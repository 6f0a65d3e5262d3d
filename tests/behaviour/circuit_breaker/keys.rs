//! `key =` gives each key a circuit of its own.

use std::{
    cell::Cell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Duration,
};

use resilience::{
    CircuitBreakerConfig, CircuitOpen, CircuitState, circuit_breaker, registry, retry, timeout,
};
use tokio::time::advance;

use super::ApiError;

const SECOND: Duration = Duration::from_secs(1);

fn state(name: &str, key: &str) -> Option<CircuitState> {
    registry::get_key(name, key).map(|circuit| circuit.state())
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_down_does_not_stop_the_others() {
    #[circuit_breaker(name = "keys::search", key = tenant, failure_threshold = 2)]
    async fn search(tenant: &str) -> Result<usize, ApiError> {
        if tenant == "down" {
            Err(ApiError::Down)
        } else {
            Ok(tenant.len())
        }
    }
    for _ in 0..2 {
        assert_eq!(search("down").await, Err(ApiError::Down));
    }
    let Err(ApiError::Open(open)) = search("down").await else {
        panic!("the circuit of the key is open")
    };
    assert_eq!((open.name(), open.key()), ("keys::search", Some("down")));
    assert_eq!(
        open.to_string(),
        "circuit `keys::search` of `down` is open, retry in 30.0s"
    );
    assert_eq!(search("fine").await, Ok(4));
    let family = registry::family("keys::search").expect("it ran");
    assert_eq!(
        (
            family.keys,
            family.open,
            family.closed,
            family.isolated,
            family.half_open
        ),
        (2, 1, 1, 0, 0)
    );
    assert_eq!(
        (family.successes, family.failures, family.refused),
        (1, 2, 1)
    );
    assert_eq!((family.overflow, family.evicted), (0, 0));
    advance(SECOND * 30).await;
    assert_eq!(
        registry::family("keys::search").map(|family| family.half_open),
        Some(1)
    );
}

#[test]
fn the_registry_has_no_single_circuit_of_a_name_with_keys() {
    #[circuit_breaker(name = "keys::alone", key = 7)]
    fn search() -> Result<(), ApiError> {
        Ok(())
    }
    search().expect("closed");
    assert!(registry::get("keys::alone").is_none());
    assert!(registry::stats("keys::alone").is_none());
    assert!(!registry::all_stats().contains_key("keys::alone"));
    assert!(registry::remove("keys::alone").is_none());
    assert_eq!(state("keys::alone", "7"), Some(CircuitState::Closed));
    assert!(registry::family("keys::another").is_none());
    assert!(registry::worst_keys("keys::another", 3).is_empty());
    assert!(registry::get_key("keys::another", "7").is_none());
    let circuit = registry::get_key("keys::alone", "7").expect("it ran");
    assert!(
        registry::register(circuit).is_err(),
        "it has the name of all"
    );
}

#[test]
fn commands_by_the_name_act_on_all_keys_and_an_isolation_on_later_ones() {
    #[circuit_breaker(name = "keys::commands", key = tenant)]
    fn search(tenant: &str) -> Result<&str, ApiError> {
        Ok(tenant)
    }
    search("a").expect("closed");
    search("b").expect("closed");
    assert!(registry::trip("keys::commands"));
    let family = || registry::family("keys::commands").expect("it ran");
    assert_eq!((family().open, family().isolated), (2, 0));
    search("c").expect("a later key is not tripped");
    assert!(registry::isolate("keys::commands"));
    assert_eq!((family().open, family().isolated), (0, 3));
    assert!(search("d").is_err_and(|error| error.is_refusal()));
    assert!(registry::reset("keys::commands"));
    assert_eq!(family().closed, 4);
    search("e").expect("closed");
}

/// A key that counts how often it is displayed.
struct Tenant<'c>(u32, &'c Cell<u32>);

impl fmt::Display for Tenant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1.set(self.1.get() + 1);
        write!(f, "tenant-{}", self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_is_evaluated_once_per_call_and_taken_by_reference() {
    #[retry(max_retries = 2, base_delay = 1s, jitter = none)]
    #[circuit_breaker(name = "keys::once", key = tenant, failure_threshold = 9)]
    async fn search(tenant: Tenant<'_>, calls: &Cell<u32>) -> Result<u32, ApiError> {
        calls.set(calls.get() + 1);
        if calls.get() < 3 {
            Err(ApiError::Down)
        } else {
            Ok(tenant.0)
        }
    }
    let (displays, calls) = (Cell::new(0), Cell::new(0));
    assert_eq!(search(Tenant(7, &displays), &calls).await, Ok(7));
    assert_eq!((displays.get(), calls.get()), (1, 3));
    let circuit = registry::get_key("keys::once", "tenant-7").expect("it ran");
    assert_eq!(
        (circuit.stats().failures, circuit.stats().successes),
        (2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_does_not_wait_for_the_open_circuit_of_its_own_key() {
    #[retry(max_retries = 5, base_delay = 1s, jitter = none)]
    #[circuit_breaker(name = "keys::retry", key = tenant, failure_threshold = 2)]
    async fn search(tenant: &str, calls: &Cell<u32>) -> Result<u32, ApiError> {
        calls.set(calls.get() + 1);
        Err(ApiError::Status(
            u16::try_from(tenant.len()).expect("short"),
        ))
    }
    for tenant in ["a", "bb"] {
        let calls = Cell::new(0);
        let status = u16::try_from(tenant.len()).expect("short");
        assert_eq!(search(tenant, &calls).await, Err(ApiError::Status(status)));
        assert_eq!(
            calls.get(),
            2,
            "the second failure opens the circuit of {tenant}"
        );
    }
}

struct Region {
    name: String,
}

impl Region {
    #[circuit_breaker(name = "keys::method", key = self.name, failure_threshold = 1)]
    fn search(&self, is_up: bool) -> Result<(), ApiError> {
        if is_up { Ok(()) } else { Err(ApiError::Down) }
    }

    #[circuit_breaker(name = "keys::owned", key = format!("{}/{shard}", self.name))]
    async fn store(self, shard: u32) -> Result<String, ApiError> {
        Ok(self.name)
    }
}

#[tokio::test]
async fn the_key_may_use_the_receiver_and_the_arguments() {
    let [here, there] = ["here", "there"].map(|name| Region { name: name.into() });
    assert_eq!(here.search(false), Err(ApiError::Down));
    assert!(here.search(true).is_err_and(|error| error.is_refusal()));
    assert_eq!(there.search(true), Ok(()));
    assert_eq!(here.store(3).await, Ok(String::from("here")));
    assert_eq!(state("keys::owned", "here/3"), Some(CircuitState::Closed));
}

#[test]
fn fallback_error_and_configuration_work_with_a_key() {
    const CONFIG: CircuitBreakerConfig =
        CircuitBreakerConfig::new().failure_threshold(1).max_keys(7);
    fn cached(open: &CircuitOpen, host: &str) -> Result<String, ApiError> {
        Ok(format!("{host} {}", open.key().unwrap_or_default()))
    }
    #[circuit_breaker(name = "keys::fallback", key = host, config = CONFIG, fallback = cached)]
    fn with_fallback(host: &str) -> Result<String, ApiError> {
        Err(ApiError::Status(u16::try_from(host.len()).expect("short")))
    }
    #[circuit_breaker(
        name = "keys::error",
        key = host,
        failure_threshold = 1,
        error = |open: CircuitOpen| ApiError::Status(u16::from(open.key() == Some("one"))),
    )]
    fn with_error(host: &str) -> Result<String, ApiError> {
        let _ = host;
        Err(ApiError::Down)
    }
    assert_eq!(with_fallback("one"), Err(ApiError::Status(3)));
    assert_eq!(with_fallback("one"), Ok(String::from("one one")));
    assert_eq!(
        registry::family("keys::fallback").map(|family| family.max_keys),
        Some(7)
    );
    assert_eq!(with_error("one"), Err(ApiError::Down));
    assert_eq!(with_error("one"), Err(ApiError::Status(1)));
}

#[tokio::test(start_paused = true)]
async fn a_circuit_is_kept_while_a_call_is_under_way() {
    #[circuit_breaker(name = "keys::kept", key = tenant, max_keys = 1, idle = 1s)]
    async fn search(tenant: &str, time: Duration) -> Result<&str, ApiError> {
        tokio::time::sleep(time).await;
        Ok(tenant)
    }
    let overflow = || registry::family("keys::kept").expect("it ran").overflow;
    let (long, short) = (search("a", SECOND * 10), async {
        tokio::time::sleep(SECOND * 5).await;
        search("b", Duration::ZERO).await
    });
    let (long, short) = tokio::join!(long, short);
    assert_eq!((long, short), (Ok("a"), Ok("b")));
    assert_eq!(overflow(), 1, "a was under way");
    advance(SECOND).await;
    assert_eq!(search("b", Duration::ZERO).await, Ok("b"));
    assert_eq!(overflow(), 1, "a was idle");
    assert!(registry::get_key("keys::kept", "a").is_none());
    assert_eq!(
        registry::family("keys::kept").map(|family| family.evicted),
        Some(1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_is_no_use_any_more() {
    #[circuit_breaker(name = "keys::dropped", key = tenant, max_keys = 1, idle = 1s)]
    async fn search(tenant: &str) -> Result<(), ApiError> {
        if tenant == "hangs" {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
    let hangs = tokio::time::timeout(SECOND, search("hangs")).await;
    assert!(hangs.is_err());
    let stats = registry::get_key("keys::dropped", "hangs")
        .expect("it ran")
        .stats();
    assert_eq!(stats.abandoned, 1);
    search("early")
        .await
        .expect("the overflow circuit is closed");
    assert!(registry::get_key("keys::dropped", "early").is_none());
    advance(SECOND).await;
    search("late").await.expect("closed");
    assert!(registry::get_key("keys::dropped", "late").is_some());
}

#[test]
fn a_key_that_panics_lets_the_panic_pass_and_loses_nothing() {
    fn key(panics: bool) -> &'static str {
        if panics {
            resume_unwind(Box::new("expected"));
        }
        "key"
    }
    #[circuit_breaker(name = "keys::panics", key = key(panics), failure_threshold = 1)]
    fn search(panics: bool) -> Result<bool, ApiError> {
        Ok(panics)
    }
    search(false).expect("closed");
    let panic = catch_unwind(AssertUnwindSafe(|| search(true))).expect_err("it panics");
    assert_eq!(panic.downcast_ref(), Some(&"expected"));
    search(false).expect("closed");
    let family = registry::family("keys::panics").expect("it ran");
    assert_eq!((family.keys, family.successes, family.failures), (1, 2, 0));
}

#[test]
fn a_key_of_ten_megabytes_shares_the_overflow_circuit() {
    #[circuit_breaker(name = "keys::long", key = key, failure_threshold = 1)]
    fn search(key: &str) -> Result<(), ApiError> {
        let _ = key;
        Err(ApiError::Down)
    }
    let key = "k".repeat(10_000_000);
    assert_eq!(search(&key), Err(ApiError::Down));
    let Err(ApiError::Open(open)) = search(&key) else {
        panic!("the overflow circuit is open")
    };
    assert_eq!(open.name(), "keys::long{*}");
    assert_eq!(open.key().map(str::len), Some(1024));
    let overflow = registry::get("keys::long{*}").expect("it ran");
    assert_eq!(overflow.state(), CircuitState::Open);
    assert!(registry::all_stats().contains_key("keys::long{*}"));
    assert!(registry::reset("keys::long{*}"));
    assert_eq!(search(&key), Err(ApiError::Down));
}

#[test]
fn a_retry_around_a_worker_evaluates_the_key_once_and_keeps_the_circuit() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static KEYS: AtomicU32 = AtomicU32::new(0);
    static CALLS: AtomicU32 = AtomicU32::new(0);
    fn counted(tenant: &str) -> &str {
        KEYS.fetch_add(1, Ordering::Relaxed);
        tenant
    }
    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(1m)]
    #[circuit_breaker(name = "keys::worker", key = counted(&tenant), failure_threshold = 2)]
    fn search(tenant: String) -> std::io::Result<String> {
        CALLS.fetch_add(1, Ordering::Relaxed);
        Err(std::io::Error::other(tenant))
    }
    let error = search(String::from("seven")).expect_err("it fails");
    assert_eq!(error.to_string(), "seven");
    let counts = (KEYS.load(Ordering::Relaxed), CALLS.load(Ordering::Relaxed));
    assert_eq!(
        counts,
        (1, 2),
        "the second failure opens the circuit, and the retry sees that"
    );
    assert_eq!(state("keys::worker", "seven"), Some(CircuitState::Open));
}

#[test]
fn functions_of_one_name_share_the_circuits_of_their_keys() {
    #[circuit_breaker(name = "keys::shared", key = host, failure_threshold = 1)]
    fn read(host: &str) -> Result<(), ApiError> {
        let _ = host;
        Err(ApiError::Down)
    }
    #[circuit_breaker(name = "keys::shared", key = number, failure_threshold = 1)]
    async fn write(number: u32) -> Result<u32, ApiError> {
        Ok(number)
    }
    assert_eq!(read("7"), Err(ApiError::Down));
    let written = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(write(7));
    assert!(written.is_err_and(|error| error.is_refusal()));
}

#[test]
fn a_value_of_the_line_that_changes_reaches_every_key() {
    #[circuit_breaker(name = "keys::computed", key = tenant, failure_threshold = limit)]
    fn search(tenant: &str, limit: u32) -> Result<(), ApiError> {
        let _ = tenant;
        Ok(())
    }
    search("a", 3).expect("closed");
    search("b", 4).expect("closed");
    let threshold = |key| {
        let circuit = registry::get_key("keys::computed", key)?;
        circuit.config().get_failure_threshold()
    };
    assert_eq!((threshold("a"), threshold("b")), (Some(4), Some(4)));
}

struct Generic<const LIMIT: u32>;

impl<const LIMIT: u32> Generic<LIMIT> {
    const LIMIT: u32 = LIMIT;
    const NAME: &'static str = if LIMIT == 1 {
        "keys::generic 1"
    } else {
        "keys::generic"
    };

    #[circuit_breaker(name = Self::NAME, key = key, failure_threshold = Self::LIMIT)]
    fn search<K: fmt::Display>(key: K) -> Result<String, ApiError> {
        Err(ApiError::Status(u16::from(key.to_string().is_empty())))
    }
}

#[test]
fn name_and_key_may_be_generic() {
    assert!(Generic::<1>::search(7).is_err());
    assert!(Generic::<2>::search("7").is_err());
    assert_eq!(state("keys::generic 1", "7"), Some(CircuitState::Open));
    assert_eq!(state("keys::generic", "7"), Some(CircuitState::Closed));
}
