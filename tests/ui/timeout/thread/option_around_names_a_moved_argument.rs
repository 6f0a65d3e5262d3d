use resilience::{circuit_breaker, timeout};

#[circuit_breaker(failure_if = |_| text.is_empty())]
#[timeout(5s)]
fn count(text: String) -> Result<usize, std::io::Error> {
    Ok(text.len())
}

fn main() {
    let _ = count(String::new());
}
