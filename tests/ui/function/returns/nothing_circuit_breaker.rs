use resilience::circuit_breaker;

#[circuit_breaker]
fn fetch() {}

fn main() {
    fetch();
}
