use resilience::circuit_breaker;

const SHARE: u32 = 1;

#[circuit_breaker(recovery_jitter = SHARE)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
