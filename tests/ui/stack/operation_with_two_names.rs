use resilience::{CircuitOpen, circuit_breaker, retry};

#[retry(operation = "jira.issue")]
#[circuit_breaker(operation = "jira.search")]
async fn fetch() -> Result<String, CircuitOpen> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
