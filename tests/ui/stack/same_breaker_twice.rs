use resilience::{circuit_breaker, retry};

#[circuit_breaker(name = "jira")]
#[retry]
#[circuit_breaker(name = "jira")]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
