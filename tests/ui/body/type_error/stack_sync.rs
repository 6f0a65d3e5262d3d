use resilience::{circuit_breaker, retry, timeout};

#[retry]
#[circuit_breaker]
#[timeout(5s, mode = cooperative)]
fn count() -> Result<u32, std::io::Error> {
    let number: u32 = "three";
    Ok(number)
}

fn main() {
    let _ = count();
}
