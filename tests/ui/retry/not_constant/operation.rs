use resilience::retry;

#[retry(operation = service)]
async fn fetch(service: &str) -> Result<String, std::io::Error> {
    Ok(String::from(service))
}

fn main() {
    let _ = fetch("jira");
}
