use resilience::circuit_breaker;

#[circuit_breaker(failure_treshold = 5)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
