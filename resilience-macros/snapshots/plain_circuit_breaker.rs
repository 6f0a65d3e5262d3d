#[circuit_breaker]
async fn search(query: &str) -> Result<Vec<Issue>, Error> {
    find(query).await
}
