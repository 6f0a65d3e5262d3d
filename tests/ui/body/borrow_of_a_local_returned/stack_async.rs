use resilience::{circuit_breaker, retry, timeout};

#[retry]
#[circuit_breaker]
#[timeout(5s)]
async fn name() -> Result<&'static str, std::io::Error> {
    let name = String::from("ann");
    Ok(&name)
}

fn main() {
    let _ = name();
}
