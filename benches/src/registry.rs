//! The look-up of a circuit by its name.

use std::{
    cell::Cell,
    hash::RandomState,
    hint::black_box,
    sync::{Arc, Once},
};

use dashmap::DashMap;
use papaya::HashMap;
use resilience::{CircuitBreaker, CircuitBreakerConfig, registry};

use crate::{Contender, Goal, Scenario};

/// The registry holds so many computed names.
const CIRCUITS: usize = 10_000;

fn names() -> Vec<&'static str> {
    let name = |number| &*format!("bench::registered_{number}").leak();
    (0..CIRCUITS).map(name).collect()
}

/// A function that looks up one name after the other. Each thread begins where it left off.
fn in_turn<T>(look_up: impl Fn(&str) -> Option<T> + Sync) -> impl Fn() -> T + Sync {
    thread_local! {
        static NEXT: Cell<usize> = const { Cell::new(0) };
    }
    let names = names();
    move || {
        let next = NEXT.get();
        NEXT.set(if next + 1 < CIRCUITS { next + 1 } else { 0 });
        look_up(names[black_box(next)]).expect("it is registered")
    }
}

fn circuits() -> impl Iterator<Item = (&'static str, Arc<CircuitBreaker>)> {
    let circuit = |name| CircuitBreaker::new(name, CircuitBreakerConfig::new());
    names()
        .into_iter()
        .map(move |name| (name, Arc::new(circuit(name))))
}

/// The first call registers the circuits, because rows above are about the whole registry.
fn registered(name: &str) -> Option<CircuitBreaker> {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(|| {
        for name in names() {
            registry::get_or_register(name, CircuitBreakerConfig::new());
        }
    });
    registry::get(name)
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    // The peers hash as the registry does, with a seed of the process.
    let in_dashmap: DashMap<&str, _, RandomState> = circuits().collect();
    let in_papaya: HashMap<&str, _, RandomState> = circuits().collect();
    vec![
        Scenario::new(
            "registry, a circuit by its name, 10,000 circuits, 2 threads",
            [
                Contender::on_two_threads("ours", in_turn(registered)),
                Contender::on_two_threads(
                    "dashmap",
                    in_turn(move |name| in_dashmap.get(name).map(|found| Arc::clone(&found))),
                ),
                Contender::on_two_threads(
                    "papaya",
                    in_turn(move |name| in_papaya.pin().get(name).cloned()),
                ),
            ],
            [Goal::OfBest(1.2)],
        )
        .on_several_threads(),
    ]
}
