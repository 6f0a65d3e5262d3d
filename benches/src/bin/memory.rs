//! Counts allocations and sizes for the report. It prints one figure a line, with its parts
//! separated by tabs.
//!
//! It is a program of its own, because an allocator that counts would slow the other programs'
//! measurements down.

use allocation_counter::{AllocationInfo, measure};
use resilience::{CircuitBreaker, CircuitBreakerConfig, registry};
use resilience_benches::{Batch, scenarios, stack};

/// With this many calls, an allocation that all of them share rounds to nothing.
const CALLS: u64 = 1_000;

/// Some times as many circuits as a large service has.
const CIRCUITS: usize = 1_000;

fn main() {
    // Circuits come first, because the registry is still empty then.
    circuits("with a threshold", CircuitBreakerConfig::new());
    circuits("with a rate", CircuitBreakerConfig::new().failure_rate(1.0));
    futures();
    for scenario in &mut scenarios() {
        // The counter sees the allocations of this thread only.
        if scenario.batch == Batch::Middle || scenario.name.starts_with("statistics") {
            continue;
        }
        for contender in &mut scenario.contenders {
            // A contender that waits for a real timer is slow.
            let calls = if contender.run(1).as_millis() > 0 {
                10
            } else {
                CALLS
            };
            contender.run(calls);
            let counted = measure(|| {
                contender.run(calls);
            });
            println!(
                "allocations\t{}\t{}\t{}",
                scenario.name,
                contender.name(),
                counted.count_total / calls
            );
        }
    }
}

/// Prints the memory of a circuit in the registry: when it is new, after the traffic that makes it
/// hold the most without opening it, and when its history is full. The names are constants, as the
/// names in attributes are.
fn circuits(kind: &str, config: CircuitBreakerConfig) {
    let name = |circuit| &*format!("bench::memory {kind}::{circuit}").leak();
    let names: Vec<&'static str> = (0..CIRCUITS).map(name).collect();
    let mut circuits = Vec::with_capacity(CIRCUITS);
    let registered = measure(|| {
        circuits.extend(
            names
                .iter()
                .map(|&name| registry::get_or_register(name, config)),
        );
    });
    let busy = measure(|| circuits.iter().for_each(keep_busy));
    println!("circuit\t{kind}\t{}", per_circuit(&registered));
    println!(
        "circuit\t{kind}, after traffic\t{}",
        per_circuit(&registered) + per_circuit(&busy)
    );
    let opened = measure(|| circuits.iter().for_each(fill_history));
    println!(
        "circuit\t{kind}, after many transitions\t{}",
        per_circuit(&registered) + per_circuit(&busy) + per_circuit(&opened)
    );
}

/// Fills the window again and again, up to the failure before the one that opens the circuit.
fn keep_busy(circuit: &CircuitBreaker) {
    let threshold = circuit.config().get_failure_threshold();
    let failures = threshold.map_or(50, |threshold| threshold - 1);
    for call in 0..1_000 {
        let permit = circuit.acquire().expect("it stays closed");
        // The successes come first, because they keep a circuit with a rate closed.
        if call % 100 < 100 - failures {
            permit.success();
        } else {
            permit.failure();
        }
        if call % 100 == 99 {
            circuit.reset();
        }
    }
}

fn fill_history(circuit: &CircuitBreaker) {
    for _ in 0..32 {
        circuit.trip();
        circuit.reset();
    }
}

fn per_circuit(counted: &AllocationInfo) -> i64 {
    counted.bytes_current / CIRCUITS.try_into().unwrap_or(i64::MAX)
}

fn futures() {
    let (ours, plain, by_hand) = (stack::ours(1), stack::plain(1), stack::by_hand(1));
    println!("future\tours\t{}", size_of_val(&ours));
    println!("future\tplain\t{}", size_of_val(&plain));
    println!("future\tby hand\t{}", size_of_val(&by_hand));
}
