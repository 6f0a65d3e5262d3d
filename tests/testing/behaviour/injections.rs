//! Injected outcomes and delays act below all layers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resilience::testing::{Outcome, scope};
use resilience::{
    CircuitOpen, CircuitState, TimedOut, circuit_breaker, fallback, hedge, registry, retry, timeout,
};

use crate::fault::{Fault, panic_text};

#[retry(max_retries = 3, base_delay = 1s, operation = "injections.sync")]
fn issue(id: u32) -> Result<u32, Fault> {
    Ok(id)
}

#[retry(max_retries = 3, base_delay = 1s, operation = "injections.async")]
#[circuit_breaker(name = "injections.circuit", failure_threshold = 3)]
#[timeout(5s)]
async fn issue_later(id: u32) -> Result<u32, Fault> {
    Ok(id)
}

#[test]
fn a_failure_is_retried_as_one_of_the_body_is() {
    let scope = scope();
    scope.no_jitter();
    scope.no_waits();
    scope.fail_next("injections.sync", 2, || Fault::Down);
    assert_eq!(issue(7), Ok(7));
    let attempts = scope.attempts("injections.sync");
    let told: Vec<_> = attempts
        .iter()
        .map(|attempt| (attempt.number, attempt.waited.as_secs(), &attempt.outcome))
        .collect();
    let down = Outcome::Failed("Down".to_owned());
    assert_eq!(
        told,
        [(1, 0, &down), (2, 1, &down), (3, 2, &Outcome::Succeeded)]
    );
    let stats = registry::operation("injections.sync").expect("it has run");
    assert_eq!((stats.retries, stats.recovered), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn retries_circuits_and_timeouts_around_an_injection_are_real() {
    let scope = scope();
    scope.delay_next("injections.async", Duration::from_secs(60));
    scope.fail_next("injections.async", 2, || Fault::Down);
    // One attempt is late and two fail. The third failure opens the circuit.
    let error = issue_later(7).await.expect_err("the circuit is open");
    assert_eq!(error, Fault::Down);
    let circuit = registry::stats("injections.circuit").expect("used");
    assert_eq!((circuit.state, circuit.failures), (CircuitState::Open, 3));
    let stats = registry::operation("injections.async").expect("it has run");
    assert_eq!(
        (stats.timeouts, stats.retries, stats.gave_up.circuit_open),
        (1, 2, 1)
    );
    let outcomes: Vec<_> = scope
        .attempts("injections.async")
        .into_iter()
        .map(|attempt| attempt.outcome)
        .collect();
    let down = || Outcome::Failed("Down".to_owned());
    assert_eq!(outcomes, [Outcome::Unfinished, down(), down()]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_takes_the_place_of_the_body_and_outcomes_come_in_their_order() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[retry(max_retries = 1, base_delay = 0s, operation = "injections.answer")]
    async fn run() -> Result<u32, Fault> {
        Ok(RUNS.fetch_add(1, Ordering::Relaxed))
    }
    let scope = scope();
    scope.fail_next("injections.answer", 1, || Fault::Down);
    scope.answer_next("injections.answer", || 42_u32);
    assert_eq!(run().await, Ok(42));
    assert_eq!(RUNS.load(Ordering::Relaxed), 0);
    assert_eq!(run().await, Ok(0));
}

#[test]
fn a_panic_passes_the_layers_and_is_noted() {
    let scope = scope();
    scope.panic_next("injections.sync", "out of cheese");
    assert_eq!(panic_text(|| issue(7)), "out of cheese");
    assert_eq!(
        scope.attempts("injections.sync")[0].outcome,
        Outcome::Panicked
    );
    assert_eq!(issue(7), Ok(7));
}

#[test]
fn a_fallback_answers_an_injected_failure() {
    #[fallback(|_| Ok(0))]
    #[retry(max_retries = 1, base_delay = 0s, operation = "injections.fallback")]
    fn run() -> Result<u32, Fault> {
        Ok(7)
    }
    let scope = scope();
    scope.fail_next("injections.fallback", 2, || Fault::Down);
    assert_eq!(run(), Ok(0));
    assert_eq!(
        registry::operation("injections.fallback")
            .expect("it has run")
            .fallbacks,
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_hedge_beside_a_delayed_attempt_answers() {
    #[hedge(after = 1s, budget = 1.0, operation = "injections.hedge")]
    async fn run() -> Result<u32, Fault> {
        Ok(7)
    }
    let scope = scope();
    scope.delay_next("injections.hedge", Duration::from_secs(60));
    assert_eq!(run().await, Ok(7));
    assert_eq!(scope.attempts("injections.hedge").len(), 2);
    assert_eq!(
        registry::operation("injections.hedge")
            .expect("it has run")
            .hedges,
        1
    );
}

#[test]
fn a_sync_timeout_acts_on_a_delay_of_its_worker() {
    #[timeout(limit, operation = "injections.worker")]
    fn run(limit: Duration) -> Result<u32, Fault> {
        let _ = limit;
        Ok(7)
    }
    let scope = scope();
    // A caller that wakes late finds the answer of a body whose delay has ended.
    scope.delay_next("injections.worker", Duration::from_secs(10));
    assert_eq!(run(Duration::from_millis(20)), Err(Fault::Late));
    assert_eq!(run(Duration::from_secs(3_600)), Ok(7));
}

#[test]
fn a_value_of_another_type_fails_the_test_and_names_both_types() {
    let mistake = |inject: fn(&resilience::testing::Scope)| {
        panic_text(|| {
            let scope = scope();
            inject(&scope);
            // Code that hides the panic hides nothing from the end of the scope.
            panic_text(|| issue(7))
        })
    };
    let error = mistake(|scope| scope.fail_next("injections.sync", 1, || "down"));
    assert!(
        error.starts_with(
            "`fail_next` has an error of type `&str`, and `injections.sync` returns `"
        ) && error.contains("fault::Fault`")
            && error.contains("(the scope was opened at tests/testing/behaviour/injections.rs:"),
        "{error}"
    );
    let value = mistake(|scope| scope.answer_next("injections.sync", || 7_u64));
    assert!(
        value.starts_with(
            "`answer_next` has a value of type `u64`, and `injections.sync` returns `u32`"
        ),
        "{value}"
    );
}

#[test]
fn an_injection_that_no_run_takes_fails_the_test() {
    let fault = panic_text(|| {
        let scope = scope();
        scope.fail_next("injections.synk", 2, || Fault::Down);
        scope.delay_next("injections.synk", Duration::from_secs(1));
        assert_eq!(issue(7), Ok(7));
    });
    assert!(
        fault.starts_with(
            "no run of a body took these injections: `injections.synk`: 2 of `fail_next`, 1 of `delay_next`; the functions \
             that ran are `injections.sync`"
        ),
        "{fault}"
    );
    let scope = scope();
    scope.fail_next("injections.sync", 1, || Fault::Down);
    scope.allow_unused();
}

struct Repository<T>(T);

impl<T: Clone> Repository<T> {
    #[retry(max_retries = 0, operation = "injections.of_impl")]
    fn get(&self) -> Result<T, Fault> {
        Ok(self.0.clone())
    }

    #[retry(max_retries = 0, operation = "injections.this")]
    fn this(&self) -> Result<&Self, Fault> {
        Ok(self)
    }
}

struct Rows<'r>(&'r [u8]);

#[retry(max_retries = 0, operation = "injections.borrowed")]
fn borrowed(rows: &[u8]) -> Result<Rows<'_>, Fault> {
    Ok(Rows(rows))
}

#[retry(max_retries = 0, operation = "injections.generic")]
fn generic<E: From<u8>>(is_down: bool) -> Result<u8, E> {
    if is_down { Err(7.into()) } else { Ok(7) }
}

#[retry(max_retries = 0, operation = "injections.impl_trait")]
fn opaque() -> Result<impl Iterator<Item = u8>, Fault> {
    Ok([1].into_iter())
}

#[test]
fn a_type_with_a_lifetime_or_a_type_parameter_is_refused_with_the_reason() {
    let refused = |operation: &'static str, run: fn()| {
        let fault = panic_text(|| {
            let scope = scope();
            scope.answer_next(operation, || 1_u8);
            run();
        });
        assert!(
            fault.starts_with(&format!(
                "`answer_next` cannot give a value to `{operation}`: its type `"
            )) && fault.contains("so it is not known to be `'static`"),
            "{fault}"
        );
    };
    refused("injections.of_impl", || {
        Repository(7_u8).get().expect("refused");
    });
    refused("injections.this", || {
        Repository(7_u8).this().map(|_| ()).expect("refused");
    });
    refused("injections.borrowed", || {
        borrowed(&[1]).map(|_| ()).expect("refused");
    });
    refused("injections.impl_trait", || {
        opaque().map(|_| ()).expect("refused");
    });
    let error = panic_text(|| {
        let scope = scope();
        scope.fail_next("injections.generic", 1, || 1_u16);
        generic::<u16>(true)
    });
    assert!(
        error.starts_with("`fail_next` cannot give an error to `injections.generic`"),
        "{error}"
    );
}

#[test]
fn the_other_half_of_such_a_result_can_be_injected() {
    let scope = scope();
    for operation in [
        "injections.of_impl",
        "injections.this",
        "injections.borrowed",
    ] {
        scope.fail_next(operation, 1, || Fault::Down);
    }
    assert_eq!(Repository(7_u8).get(), Err(Fault::Down));
    assert_eq!(Repository(7_u8).this().map(|_| ()), Err(Fault::Down));
    assert_eq!(borrowed(&[1]).map(|rows| rows.0.len()), Err(Fault::Down));
    scope.answer_next("injections.generic", || 9_u8);
    assert_eq!(generic::<u16>(true), Ok(9));
}

#[test]
fn a_panic_and_a_delay_work_with_every_type() {
    let scope = scope();
    scope.delay_next("injections.of_impl", Duration::from_millis(1));
    scope.panic_next("injections.of_impl", "down");
    assert_eq!(panic_text(|| Repository(7_u8).get()), "down");
}

#[test]
fn outside_of_a_scope_the_body_runs() {
    static SEEN: Mutex<Vec<u32>> = Mutex::new(Vec::new());
    #[circuit_breaker(operation = "injections.outside")]
    fn run(id: u32) -> Result<(), CircuitOpen> {
        SEEN.lock().expect("no panic").push(id);
        Ok(())
    }
    {
        let scope = scope();
        scope.answer_next("injections.outside", || ());
        run(1).expect("injected");
    }
    run(2).expect("closed");
    assert_eq!(*SEEN.lock().expect("no panic"), [2]);
}

#[test]
fn the_plan_is_the_stack_with_its_settings() {
    #[retry(max_retries = 2, operation = "injections.plan")]
    #[timeout(5s, mode = cooperative)]
    fn run() -> Result<(), TimedOut> {
        Ok(())
    }
    let scope = scope();
    let unknown = panic_text(|| scope.plan("injections.plan"));
    assert!(
        unknown.contains("no function with the operation `injections.plan` has run"),
        "{unknown}"
    );
    run().expect("in time");
    let policies: Vec<_> = scope
        .plan("injections.plan")
        .into_iter()
        .map(|layer| layer.policy)
        .collect();
    assert_eq!(policies, ["retry", "timeout"]);
}
