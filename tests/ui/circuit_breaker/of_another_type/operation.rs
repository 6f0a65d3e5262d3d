use resilience::circuit_breaker;

const NAME: u32 = 7;

#[circuit_breaker(operation = NAME)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
