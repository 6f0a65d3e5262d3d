#[retry(budget = "jira")]
#[hedge(budget = "jira", max_hedges = 2, accept_on(Error::NotFound), clone(query))]
#[circuit_breaker(name = "jira")]
#[timeout(5s)]
async fn search(&self, query: String) -> Result<Vec<Issue>, Error> {
    self.client.search(query).await
}
