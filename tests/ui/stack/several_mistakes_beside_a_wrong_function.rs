use resilience::{circuit_breaker, retry, timeout};

#[retry(max_attempts = 0)]
#[circuit_breaker(failure_rate = 50)]
#[timeout(5)]
fn count() -> u32 {
    3
}

fn main() {
    let _: u32 = count();
}
