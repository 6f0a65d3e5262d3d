use resilience::{circuit_breaker, retry, timeout};

#[retry]
#[circuit_breaker]
#[timeout(5s)]
async fn count(number: u32) -> Result<u32, std::io::Error> {
    number += 1;
    Ok(number)
}

fn main() {
    let _ = count(1);
}
