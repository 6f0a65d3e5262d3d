use resilience::circuit_breaker;

const FACTOR: f64 = 0.5;

#[circuit_breaker(recovery_multiplier = FACTOR)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
