//! Allocations and sizes, counted, for the report: one figure a line, its parts separated by tabs.
//!
//! A program of its own, because the allocator that counts would be felt by the clocks.

use allocation_counter::{AllocationInfo, measure};
use resilience::{CircuitBreaker, CircuitBreakerConfig, registry};
use resilience_benches::{Batch, scenarios, stack};

/// Enough that what is allocated once, for all calls, rounds to nothing.
const CALLS: u64 = 1_000;

/// As many as a large service has, a few times over.
const CIRCUITS: usize = 1_000;

fn main() {
    // First, while the registry is empty and a thousand circuits are a thousand.
    circuits("with a threshold", CircuitBreakerConfig::new());
    circuits("with a rate", CircuitBreakerConfig::new().failure_rate(1.0));
    futures();
    for scenario in &mut scenarios() {
        // Only this thread's allocations are counted.
        if scenario.batch == Batch::Middle || scenario.name.starts_with("statistics") {
            continue;
        }
        for contender in &mut scenario.contenders {
            // Those that wait for real timers are slow.
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

/// What a circuit takes in the registry, by itself and after the traffic that makes it hold the most. Their names are
/// constants, as those of the attributes are.
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
}

fn keep_busy(circuit: &CircuitBreaker) {
    // A full window, a trip, and on to the next.
    for call in 0..1_000 {
        match circuit.acquire() {
            Ok(permit) if call % 2 == 0 => permit.failure(),
            Ok(permit) => permit.success(),
            Err(_) => circuit.reset(),
        }
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
