#[retry]
#[fallback(cached)]
#[circuit_breaker(name = "jira")]
async fn search(query: &str) -> Result<Vec<Issue>, Error> {
    find(query).await
}
