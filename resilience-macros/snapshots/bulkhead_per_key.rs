#[retry(max_retries = 3)]
#[bulkhead(5, max_wait = 2s, name = "search", key = tenant, error = |full| SearchError::Full(full))]
async fn search(&self, tenant: &str, query: &str) -> Result<Hits, SearchError> {
    self.client.search(tenant, query).await
}
