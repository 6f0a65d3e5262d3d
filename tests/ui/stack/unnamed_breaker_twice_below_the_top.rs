use resilience::{circuit_breaker, retry};

#[retry]
#[circuit_breaker]
#[circuit_breaker]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
