use resilience::circuit_breaker;

const FACTOR: u32 = 2;

#[circuit_breaker(recovery_multiplier = FACTOR)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
