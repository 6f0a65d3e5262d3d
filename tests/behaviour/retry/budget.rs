//! `budget = …`: a limit for the retries of all calls together.

use std::{cell::Cell, io, time::Duration};

use resilience::{
    CircuitBreaker, CircuitBreakerConfig, RetryBudget, RetryConfig, RetrySettings, circuit_breaker,
    is_refusal, registry, retry, timeout,
};
use tokio::time::{Instant, advance};

/// Fails for so many calls and then succeeds.
#[derive(Default)]
struct Service {
    failures: Cell<u32>,
    calls: Cell<u32>,
}

impl Service {
    fn failing(failures: u32) -> Self {
        Self {
            failures: failures.into(),
            ..Self::default()
        }
    }

    fn answer(&self) -> Result<u32, &'static str> {
        self.calls.set(self.calls.get() + 1);
        match self.failures.get().checked_sub(1) {
            Some(left) => {
                self.failures.set(left);
                Err("busy")
            }
            None => Ok(self.calls.get()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_budget_ends_a_call_with_its_own_error_and_without_a_wait() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(1.0).min_per_second(0);
    #[retry(budget = &BUDGET, jitter = none)]
    async fn call(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    let (service, start) = (Service::failing(9), Instant::now());
    assert_eq!(call(&service).await, Err("busy"));
    // The call allows one retry, so the second wait of two seconds is not begun.
    assert_eq!((service.calls.get(), start.elapsed().as_secs()), (2, 1));
    let stats = BUDGET.stats();
    assert_eq!((stats.calls, stats.retries, stats.refused), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn functions_share_a_budget_by_its_name() {
    #[retry(budget = "budget::shared", base_delay = 0s)]
    async fn well(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    #[retry(budget = "budget::shared", base_delay = 0s)]
    fn ill(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    let budget = RetryBudget::new().ratio(0.5).min_per_second(0);
    assert_eq!(registry::register_budget("budget::shared", budget), Ok(()));
    for _ in 0..9 {
        assert!(well(&Service::default()).await.is_ok());
    }
    let service = Service::failing(9);
    assert_eq!(ill(&service), Err("busy"));
    assert_eq!(
        service.calls.get(),
        4,
        "ten calls allow five retries, and max_retries three"
    );
    assert_eq!(ill(&service), Err("busy"));
    assert_eq!(service.calls.get(), 7, "eleven calls allow five and a half");
    let stats = registry::budget("budget::shared").expect("it is registered");
    assert_eq!((stats.calls, stats.retries, stats.refused), (11, 5, 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_deposited_counts_for_the_window_and_at_most_a_tenth_longer() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(1.0).min_per_second(0);
    #[retry(budget = &BUDGET, max_retries = 1, base_delay = 0s)]
    fn call(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    for _ in 0..3 {
        assert_eq!(call(&Service::default()), Ok(1));
    }
    advance(Duration::from_secs(10)).await;
    assert_eq!(BUDGET.stats().available, 3);
    advance(Duration::from_secs(1)).await;
    assert_eq!(BUDGET.stats().available, 0);
    assert_eq!(call(&Service::failing(1)), Ok(2), "the call's own deposit");
}

#[test]
fn a_value_that_is_tried_again_does_not_draw_on_it() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.001).min_per_second(0);
    #[retry(budget = &BUDGET, base_delay = 0s, retry_if_ok = |calls| *calls < 3)]
    fn poll(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    assert_eq!(poll(&Service::default()), Ok(3));
    assert_eq!(BUDGET.stats().retries, 0);
}

#[test]
fn a_rule_that_ends_the_retries_before_the_budget_takes_nothing_from_it() {
    static BUDGET: RetryBudget = RetryBudget::new();
    #[retry(budget = &BUDGET, max_retries = 0)]
    fn no_attempts(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    #[retry(budget = &BUDGET, retry_if = |_| false)]
    fn filtered(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    #[retry(budget = &BUDGET, delay_hint = |_| Duration::MAX)]
    fn hinted(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    #[retry(budget = &BUDGET, max_elapsed = 1ns)]
    fn elapsed(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    for call in [no_attempts, filtered, hinted, elapsed] {
        assert_eq!(call(&Service::failing(1)), Err("busy"));
    }
    let stats = BUDGET.stats();
    assert_eq!((stats.calls, stats.retries, stats.refused), (4, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_in_its_wait_does_not_get_its_withdrawal_back() {
    static BUDGET: RetryBudget = RetryBudget::new();
    #[retry(budget = &BUDGET)]
    async fn call(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    let service = Service::failing(9);
    let cancelled = tokio::time::timeout(Duration::ZERO, call(&service)).await;
    assert!(cancelled.is_err());
    assert_eq!(BUDGET.stats().retries, 1);
}

#[tokio::test(start_paused = true)]
async fn values_have_a_budget_too() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(1.0).min_per_second(0);
    static CONFIG: RetryConfig = RetryConfig::new()
        .base_delay(Duration::ZERO)
        .budget(&BUDGET);
    let service = Service::failing(9);
    assert_eq!(CONFIG.run(|| service.answer()), Err("busy"));
    let answer = CONFIG.run_async(|| async { service.answer() });
    assert_eq!(answer.operation("budget::value").await, Err("busy"));
    let stats = BUDGET.stats();
    assert_eq!((stats.calls, stats.retries, stats.refused), (2, 2, 2));
    assert_eq!(
        CONFIG.get_budget().map(|budget| budget.stats().calls),
        Some(2)
    );
}

#[test]
fn a_ratio_is_a_budget_of_the_function_alone() {
    #[retry(budget = 0.5, operation = "budget::alone", base_delay = 0s)]
    fn call(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    assert_eq!(call(&Service::default()), Ok(1));
    let stats = registry::budget("budget::alone").expect("it has the operation's name");
    assert!((stats.ratio - 0.5).abs() < f64::EPSILON);
    assert_eq!(stats.calls, 1);
}

#[test]
fn a_budget_beside_values_that_differ_between_instances() {
    trait Retries {
        const MOST: u32;
    }
    struct Three;
    impl Retries for Three {
        const MOST: u32 = 3;
    }
    #[retry(budget = 1.0, max_retries = R::MOST, base_delay = 0s)]
    fn call<R: Retries>(_: R, service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    assert_eq!(call(Three, &Service::failing(3)), Ok(4));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_and_the_own_circuit_are_asked_before_it() {
    static BUDGET: RetryBudget = RetryBudget::new();
    #[timeout(limit)]
    #[retry(budget = &BUDGET, base_delay = 1s, jitter = none)]
    async fn late(limit: Duration) -> io::Result<()> {
        Err(io::Error::other("busy"))
    }
    #[retry(budget = &BUDGET, base_delay = 1s, jitter = none)]
    #[circuit_breaker(failure_threshold = 1)]
    async fn guarded() -> io::Result<()> {
        Err(io::Error::other("down"))
    }
    let late = late(Duration::from_secs(1)).await;
    assert_eq!(late.unwrap_err().to_string(), "busy");
    assert_eq!(guarded().await.unwrap_err().to_string(), "down");
    let stats = BUDGET.stats();
    assert_eq!((stats.calls, stats.retries, stats.refused), (2, 0, 0));
}

#[test]
fn on_retry_is_not_told_of_a_retry_that_it_refuses() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(2.0).min_per_second(0);
    #[retry(budget = &BUDGET, base_delay = 0s, on_retry = |_| told.set(told.get() + 1))]
    fn call(service: &Service, told: &Cell<u32>) -> Result<u32, &'static str> {
        service.answer()
    }
    let told = Cell::new(0);
    assert_eq!(call(&Service::failing(9), &told), Err("busy"));
    assert_eq!((told.get(), BUDGET.stats().refused), (2, 1));
}

#[test]
fn a_refusal_draws_on_it_only_if_it_is_retried() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(1.0).min_per_second(0);
    #[retry(budget = &BUDGET, base_delay = 0s)]
    fn leave(breaker: &CircuitBreaker) -> io::Result<()> {
        breaker.call(|| Ok(()))
    }
    #[retry(budget = &BUDGET, base_delay = 0s, max_retries = 9, retry_refused = true)]
    fn insist(breaker: &CircuitBreaker) -> io::Result<()> {
        breaker.call(|| Ok(()))
    }
    let breaker = CircuitBreaker::new("budget::refusals", CircuitBreakerConfig::new());
    breaker.isolate();
    assert!(is_refusal(&leave(&breaker).unwrap_err()));
    assert_eq!((BUDGET.stats().retries, BUDGET.stats().refused), (0, 0));
    assert!(is_refusal(&insist(&breaker).unwrap_err()));
    assert_eq!((BUDGET.stats().retries, BUDGET.stats().refused), (2, 1));
    assert_eq!(breaker.stats().refused, 1 + 3);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_joined_share_it() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.5).min_per_second(0);
    #[retry(budget = &BUDGET, base_delay = 1s)]
    async fn call(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    let service = Service::failing(99);
    let all = tokio::join!(
        call(&service),
        call(&service),
        call(&service),
        call(&service)
    );
    assert_eq!(all, (Err("busy"), Err("busy"), Err("busy"), Err("busy")));
    // Every second call completes a whole retry.
    let stats = BUDGET.stats();
    assert_eq!((stats.calls, stats.retries, stats.refused), (4, 2, 4));
    assert_eq!(service.calls.get(), 6);
}

#[test]
fn a_name_that_is_used_already_cannot_be_registered() {
    #[retry(budget = "budget::used")]
    fn call(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    assert_eq!(call(&Service::default()), Ok(1));
    let taken = registry::register_budget("budget::used", RetryBudget::new().ratio(0.1));
    let taken = taken.expect_err("a function uses it");
    assert_eq!(taken.name(), "budget::used");
    assert_eq!(
        taken.to_string(),
        "another retry budget is registered as `budget::used`"
    );
    let stats = registry::budget("budget::used").expect("it is used");
    assert!(
        (stats.ratio - 0.2).abs() < f64::EPSILON,
        "its settings stay"
    );
}

#[test]
fn a_budget_beside_a_computed_configuration_did_not_compile() {
    fn config() -> RetryConfig {
        RetryConfig::new().base_delay(Duration::ZERO)
    }
    trait Client {
        const RETRY: RetryConfig;

        #[retry(config = Self::RETRY, budget = 1.0)]
        fn generic(&self, service: &Service) -> Result<u32, &'static str> {
            service.answer()
        }
    }
    struct Mail;
    impl Client for Mail {
        const RETRY: RetryConfig = RetryConfig::new().base_delay(Duration::ZERO);
    }
    #[retry(config = config(), budget = 1.0)]
    fn computed(service: &Service) -> Result<u32, &'static str> {
        service.answer()
    }
    assert_eq!(computed(&Service::failing(1)), Ok(2));
    assert_eq!(Mail.generic(&Service::failing(1)), Ok(2));
}

#[test]
fn it_may_be_a_setting_that_is_known_at_run_time() {
    let budget = RetryBudget::new().ratio(1.0).min_per_second(0);
    let budget: &'static RetryBudget = Box::leak(Box::new(budget));
    let settings = RetrySettings {
        base_delay: Some(Duration::ZERO),
        budget: Some(budget),
        ..RetrySettings::default()
    };
    let config = settings.apply_to(RetryConfig::new()).expect("it is right");
    let service = Service::failing(9);
    assert_eq!(config.run(|| service.answer()), Err("busy"));
    assert_eq!((budget.stats().retries, budget.stats().refused), (1, 1));
    assert_eq!(config.get_budget(), Some(budget));
    assert_ne!(config.get_budget(), Some(&RetryBudget::new()));
}

#[tokio::test(start_paused = true)]
async fn in_any_window_of_calls_that_all_fail_the_retries_are_exact_for_every_ratio() {
    const WINDOWS: usize = 3;
    for hundredths in 1..=300_u32 {
        for floor in [0, 2] {
            let budget = RetryBudget::new()
                .ratio(f64::from(hundredths) / 100.0)
                .min_per_second(floor)
                .name(format!("budget::exact {hundredths} {floor}").leak());
            let budget: &'static RetryBudget = Box::leak(Box::new(budget));
            let config = RetryConfig::new()
                .max_retries(u32::MAX)
                .base_delay(Duration::ZERO)
                .budget(budget);
            for second in 0..WINDOWS * 10 {
                // A window is saturated if a call of this second has taken all that there is.
                let calls = (second * 5 + second / 3) % 7;
                for _ in 0..calls {
                    assert_eq!(config.run(|| Err::<(), _>("down")), Err("down"));
                }
                let stats = budget.stats();
                // In hundredths of a retry, so that nothing is rounded.
                let allowed = u64::from(hundredths) * stats.window_calls + 1_000 * u64::from(floor);
                let difference = (100 * stats.window_retries).abs_diff(allowed);
                assert!(
                    calls == 0 || difference <= 100,
                    "ratio 0.01 · {hundredths}, second {second}: {stats:?}"
                );
                advance(Duration::from_secs(1)).await;
            }
        }
    }
}
