use resilience::circuit_breaker;

#[circuit_breaker(window_calls = 100)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
