use resilience::{circuit_breaker, retry, timeout};

#[retry]
#[circuit_breaker]
#[timeout(5s)]
async fn count() -> Result<u32, std::io::Error> {
    3
}

fn main() {
    let _ = count();
}
