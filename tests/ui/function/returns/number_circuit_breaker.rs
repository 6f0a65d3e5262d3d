use resilience::circuit_breaker;

#[circuit_breaker]
fn count() -> u32 {
    3
}

fn main() {
    let _: u32 = count();
}
