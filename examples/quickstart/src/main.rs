//! One function with all three attributes, and the service that it calls: fine, failing, hanging,
//! down and fine again.
//!
//! `cargo run -p quickstart`

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use resilience::{
    CircuitBreaker,
    CircuitState::{self, Closed, HalfOpen, Open},
    RetryEvent, circuit_breaker, is_refusal, registry, retry, timeout,
};
use resilience_examples::{ExchangeRates, Health, http, timeline};
use tokio::time::sleep;

struct RatesClient {
    service: SocketAddr,
}

impl RatesClient {
    // The top attribute is the outermost: every attempt passes the circuit breaker, and every
    // attempt has one second. The errors of the policies become errors of the function by `From`,
    // which `io::Error` has for them.
    #[retry(max_retries = 3, base_delay = 100ms, max_delay = 1s, jitter = equal, on_retry = report_retry)]
    #[circuit_breaker(name = "exchange_rates", failure_threshold = 6, recovery_timeout = 3s)]
    #[timeout(1s)]
    async fn dollars_per(&self, currency: &str) -> io::Result<f64> {
        let rate = http::get(self.service, &format!("/rates/{currency}")).await?;
        rate.parse().map_err(io::Error::other)
    }
}

fn report_retry<T>(event: &RetryEvent<'_, T, io::Error>) {
    if let Err(error) = event.outcome {
        timeline::timed(
            format_args!("retry {}", event.attempt),
            "in",
            event.delay,
            error,
        );
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut service = ExchangeRates::start();
    let mut calls = Calls {
        client: RatesClient {
            service: service.address(),
        },
        count: 0,
    };

    announce(&mut service, Health::Fine);
    calls.next().await?;
    // The first call has registered the circuit, so it can be watched.
    let circuit = registry::get("exchange_rates").expect("the function was called");
    let transitions = watch(&circuit);
    calls.next().await?;
    assert_eq!(circuit.state(), Closed);

    announce(&mut service, Health::Errors);
    for _ in 0..2 {
        calls
            .next()
            .await
            .expect("a retry finds the request that is answered");
    }
    assert!(
        circuit.stats().failures >= 4,
        "the circuit breaker sees the attempts that the caller does not"
    );

    announce(&mut service, Health::Hangs);
    calls.next().await.expect_err("no attempt is answered");
    assert_eq!(*transitions.lock().unwrap(), [(Closed, Open)]);
    let requests = service.requests();
    for _ in 0..2 {
        let error = calls.next().await.expect_err("the circuit is open");
        assert!(is_refusal(&error));
    }
    assert_eq!(
        service.requests(),
        requests,
        "a refused call leaves the service in peace"
    );

    announce(&mut service, Health::Down);
    wait_for_probe(&circuit).await;
    calls.next().await.expect_err("the probe is not answered");
    assert_eq!(
        circuit.state(),
        Open,
        "one failed probe opens the circuit again"
    );

    announce(&mut service, Health::Fine);
    wait_for_probe(&circuit).await;
    for _ in 0..4 {
        calls
            .next()
            .await
            .expect("the probes succeed, and close the circuit");
    }
    assert_eq!(
        *transitions.lock().unwrap(),
        [
            (Closed, Open),
            (Open, HalfOpen),
            (HalfOpen, Open),
            (Open, HalfOpen),
            (HalfOpen, Closed)
        ]
    );

    print_statistics(&circuit, calls.count, service.requests());
    Ok(())
}

/// The caller that the function is for: it knows nothing of retries, circuits and timeouts.
struct Calls {
    client: RatesClient,
    count: usize,
}

impl Calls {
    async fn next(&mut self) -> io::Result<f64> {
        self.count += 1;
        let started = Instant::now();
        let outcome = self.client.dollars_per("EUR").await;
        let call = format_args!("call {:>2}", self.count);
        match &outcome {
            Ok(rate) => timeline::timed(
                call,
                "ok",
                started.elapsed(),
                format_args!("1 EUR = {rate} USD"),
            ),
            Err(error) => timeline::timed(call, "FAILED", started.elapsed(), error),
        }
        sleep(Duration::from_millis(150)).await;
        outcome
    }
}

fn announce(service: &mut ExchangeRates, health: Health) {
    service.set_health(health);
    timeline::chapter(format_args!("The service {health}."));
}

/// Reports the circuit's transitions as they happen, and keeps them.
fn watch(circuit: &CircuitBreaker) -> Arc<Mutex<Vec<(CircuitState, CircuitState)>>> {
    let transitions = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&transitions);
    circuit.on_transition(move |step| {
        seen.lock().unwrap().push((step.from, step.to));
        let then = step
            .retry_after
            .map_or_else(String::new, |pause| format!(", refuses for {pause:.1?}"));
        timeline::line(
            "circuit",
            format_args!("{} -> {}{then}", step.from, step.to),
        );
    });
    transitions
}

async fn wait_for_probe(circuit: &CircuitBreaker) {
    let pause = circuit.stats().retry_after.unwrap_or_default();
    timeline::line(
        "circuit",
        format_args!("lets a probe through in {pause:.1?}"),
    );
    sleep(pause).await;
}

fn print_statistics(circuit: &CircuitBreaker, calls: usize, requests: usize) {
    let stats = circuit.stats();
    timeline::chapter(format_args!(
        "Statistics of the circuit \"{}\", now {}",
        stats.name, stats.state
    ));
    println!("  {calls:>4}  calls of the function");
    println!("  {requests:>4}  requests that reached the service");
    println!("  {:>4}  attempts succeeded", stats.successes);
    println!("  {:>4}  attempts failed", stats.failures);
    println!("  {:>4}  attempts were refused", stats.refused);
    println!("  {:>4}  times it opened", stats.opened);
    println!("  {:>4}  times it probed", stats.half_opened);
    println!("  {:>4}  times it closed", stats.closed);
}
