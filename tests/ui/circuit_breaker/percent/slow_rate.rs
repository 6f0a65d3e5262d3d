use resilience::circuit_breaker;

#[circuit_breaker(slow_call = 2s, slow_rate = 50)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
