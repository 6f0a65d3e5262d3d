//! `#[circuit_breaker(key = …)]`: the look-up of a circuit by its key, and a call through it.

use std::{hint::black_box, sync::Arc};

use quick_cache::sync::Cache;
use resilience::{
    __private::{Key, KeyedSite, Operation},
    CircuitBreaker, CircuitBreakerConfig, circuit_breaker,
};

use crate::{
    Contender, Goal, Scenario,
    subject::{Error, answer},
};

const KEYS: usize = 1_000;
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new();

static OPERATION: Operation = Operation::new("bench::look_up");
static SITE: KeyedSite = KeyedSite::new("bench::look_up", &OPERATION);

#[circuit_breaker(name = "bench::by_key", key = tenant)]
fn by_key(tenant: &str, n: u64) -> Result<u64, Error> {
    let _ = tenant;
    answer(n)
}

#[circuit_breaker(name = "bench::by_number", key = number)]
fn by_number(number: usize, n: u64) -> Result<u64, Error> {
    let _ = number;
    answer(n)
}

/// A function that returns one key after the other.
fn keys() -> impl FnMut() -> &'static str {
    let key = |number| &*format!("tenant-{number}").leak();
    let keys: Vec<&'static str> = (0..KEYS).map(key).collect();
    let mut number = numbers();
    move || keys[number()]
}

fn numbers() -> impl FnMut() -> usize {
    let mut next = 0;
    move || {
        next = if next + 1 < KEYS { next + 1 } else { 0 };
        next
    }
}

/// A cache from the keys to circuits that evicts none of them.
fn quick_cache() -> impl FnMut() -> Option<Arc<CircuitBreaker>> {
    let cache: Cache<String, Arc<CircuitBreaker>> = Cache::new(KEYS * 2);
    let mut key = keys();
    for _ in 0..KEYS {
        let key = key();
        let circuit = CircuitBreaker::new(key, CONFIG);
        cache.insert(key.to_owned(), Arc::new(circuit));
    }
    move || {
        let found = cache.get(key());
        assert!(found.is_some(), "nothing is evicted");
        found
    }
}

pub(crate) fn scenarios() -> Vec<Scenario> {
    let ours = "ours";
    let (mut key, mut text, mut number) = (keys(), keys(), numbers());
    vec![
        Scenario::new(
            "circuit of a key, look-up, 1,000 keys in turn",
            [
                Contender::sync(ours, move || {
                    let key = key();
                    SITE.circuit(&CONFIG, Key::of(&key).__text())
                }),
                Contender::sync("quick_cache", quick_cache()),
            ],
            [Goal::Of("quick_cache", 1.0), Goal::AtMost(60.0)],
        ),
        Scenario::new(
            "circuit of a key, success, 1,000 keys in turn",
            [
                Contender::sync(ours, move || by_key(text(), black_box(1))),
                Contender::sync("a key that is a number", move || {
                    by_number(number(), black_box(1))
                }),
            ],
            [],
        ),
    ]
}
