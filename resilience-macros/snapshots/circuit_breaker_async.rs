#[circuit_breaker(name = "jira", failure_threshold = 3, fallback = cached)]
async fn search(&self, query: String) -> Result<Vec<Issue>, Error> {
    self.client.search(query).await
}
