#[retry(max_retries = 3)]
#[circuit_breaker(name = "search", key = tenant, max_keys = 500, failure_threshold = 3)]
async fn search(&self, tenant: &str, query: &str) -> Result<Hits, SearchError> {
    self.client.search(tenant, query).await
}
