use resilience::{CircuitOpen, circuit_breaker, retry};

const ISSUE: &str = "jira.issue";

#[retry(operation = ISSUE)]
#[circuit_breaker(operation = "jira.search")]
async fn fetch() -> Result<String, CircuitOpen> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
