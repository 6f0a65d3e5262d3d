//! A trait of `#[async_trait]` with attributes on its implementation, and a mock of `mockall`
//! behind the same attributes. The mock has no attributes of its own: it is the dependency that
//! fails.
//!
//! `cargo run -p resilience-example-mocks`

use std::{io, sync::Arc, time::Duration};

use async_trait::async_trait;
use mockall::{Sequence, automock};
use resilience::{
    CircuitState::{Closed, Open},
    circuit_breaker, is_refusal, registry, retry, timeout,
};
use resilience_examples::timeline;
use tokio::time::Instant;

/// The service that the program depends on. A program of production implements it with a client.
#[automock]
#[async_trait]
trait Rates: Send + Sync {
    async fn dollars_per(&self, currency: &str) -> io::Result<f64>;
}

/// The same service with retries, circuit and timeout. The attributes stand on the functions of the
/// implementation, below `#[async_trait]`, which comes first because it changes the functions.
struct Reliable<R>(R);

#[async_trait]
impl<R: Rates> Rates for Reliable<R> {
    #[retry(max_retries = 2, base_delay = 100ms, jitter = none)]
    #[circuit_breaker(name = "mocked rates", failure_threshold = 5)]
    #[timeout(1s)]
    async fn dollars_per(&self, currency: &str) -> io::Result<f64> {
        self.0.dollars_per(currency).await
    }
}

/// The code that is tested. It knows neither the mock nor the attributes.
async fn total(rates: Arc<dyn Rates>, euros: f64) -> io::Result<f64> {
    Ok(euros * rates.dollars_per("EUR").await?)
}

/// A mock that is called `times` times and answers with this error.
fn fails(mock: &mut MockRates, order: &mut Sequence, times: usize) {
    mock.expect_dollars_per()
        .times(times)
        .in_sequence(order)
        .returning(|_| Err(io::ErrorKind::ConnectionReset.into()));
}

fn answers(mock: &mut MockRates, order: &mut Sequence, rate: f64) {
    mock.expect_dollars_per()
        .withf(|currency| currency == "EUR")
        .times(1)
        .in_sequence(order)
        .returning(move |_| Ok(rate));
}

/// The clock is paused, so the waits take no time. A mock that is called once too often, or once
/// too seldom, panics.
#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    tokio::time::pause();
    let start = Instant::now();

    timeline::chapter("Two failures, and then an answer");
    let (mut mock, mut order) = (MockRates::new(), Sequence::new());
    fails(&mut mock, &mut order, 2);
    answers(&mut mock, &mut order, 1.25);
    let dollars = total(Arc::new(Reliable(mock)), 100.0).await?;
    let waited = start.elapsed();
    timeline::timed(
        "client",
        "waited",
        waited,
        format_args!("{dollars} dollars"),
    );
    assert!((dollars - 125.0).abs() < 1e-9);
    // Tokio's timers round up to milliseconds.
    assert!(waited >= Duration::from_millis(100 + 200) && waited < Duration::from_millis(310));

    timeline::chapter("Three failures open the circuit, which knows of two before");
    let (mut mock, mut order) = (MockRates::new(), Sequence::new());
    fails(&mut mock, &mut order, 3);
    let rates: Arc<dyn Rates> = Arc::new(Reliable(mock));
    let error = total(Arc::clone(&rates), 100.0).await.unwrap_err();
    timeline::line("client", &error);
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);

    let error = total(rates, 100.0).await.unwrap_err();
    timeline::line("client", &error);
    assert!(is_refusal(&error), "the mock is not asked a fourth time");
    let circuit = registry::get("mocked rates").expect("it was called");
    assert_eq!(circuit.state(), Open);

    // A test that shares the name of a circuit with others begins with a closed one, or runs in
    // `resilience::testing::scope()`.
    circuit.reset();
    assert_eq!(circuit.state(), Closed);
    Ok(())
}
