use resilience::circuit_breaker;

const RATE: f64 = 50.0;

#[circuit_breaker(slow_call = 2s, slow_rate = RATE)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
