use resilience::circuit_breaker;

#[circuit_breaker(minimum_calls = 20)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
