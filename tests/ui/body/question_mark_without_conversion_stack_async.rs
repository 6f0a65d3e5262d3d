use resilience::{circuit_breaker, retry, timeout};

#[retry]
#[circuit_breaker]
#[timeout(5s)]
async fn count(text: String) -> Result<u32, std::io::Error> {
    Ok(text.parse::<u32>()?)
}

fn main() {
    let _ = count(String::new());
}
