//! A replica as a process: `replica ADDRESS NAMESPACE NAME SERVICE`.
//!
//! It calls the service until its standard input ends, and prints its transitions as
//! `MICROSECONDS STATE REASON`, then its books. With the variable `REPLICA_IDLE` it calls nobody,
//! and with `REPLICA_STRICT` it does not start without the store.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use resilience::{CircuitBreaker, CircuitBreakerConfig, CircuitOpen, registry};
use resilience_fleet::Fleet;

fn micros() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros())
}

/// Calls the service once over HTTP.
fn get(service: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(service)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(stream, "GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.0 200") {
        Ok(())
    } else {
        Err(io::Error::other("the service failed"))
    }
}

fn call(circuit: &CircuitBreaker, service: &str) -> Result<(), CircuitOpen> {
    let permit = circuit.acquire()?;
    match get(service) {
        Ok(()) => permit.success(),
        Err(error) => permit.failure_with(&error, None),
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, address, namespace, name, service] = &arguments[..] else {
        return Err("replica ADDRESS NAMESPACE NAME SERVICE".into());
    };
    let config = CircuitBreakerConfig::new()
        .failure_threshold(3)
        .failure_window(Duration::from_secs(10))
        .recovery_timeout(Duration::from_millis(500));
    let circuit = registry::get_or_register("service", config);
    circuit.on_transition(|change| println!("{} {} {}", micros(), change.to, change.reason));
    let fleet = Fleet::builder(address)
        .namespace(namespace)
        .replica(name)
        .share(["service"])
        .start_degraded(std::env::var_os("REPLICA_STRICT").is_none())
        .start()
        .await?;
    println!("{} started", micros());
    let ends = Arc::new(AtomicBool::new(false));
    let input = Arc::clone(&ends);
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        input.store(true, Ordering::Relaxed);
    });
    let is_idle = std::env::var_os("REPLICA_IDLE").is_some();
    let (mut calls, mut refused, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    while !ends.load(Ordering::Relaxed) {
        let begun = std::time::Instant::now();
        if is_idle {
            thread::sleep(Duration::from_millis(5));
            continue;
        }
        calls += 1;
        if call(&circuit, service).is_err() {
            refused += 1;
            slowest = slowest.max(begun.elapsed());
        }
        thread::sleep(Duration::from_millis(5));
    }
    let stats = circuit.stats();
    println!(
        "books calls={calls} refused={refused} successes={} failures={} late={} stats_refused={} slowest_refusal_ms={} state={}",
        stats.successes,
        stats.failures,
        stats.late,
        stats.refused,
        slowest.as_millis(),
        stats.state,
    );
    drop(fleet);
    thread::sleep(Duration::from_millis(100));
    Ok(())
}
