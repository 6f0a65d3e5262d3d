#[retry]
#[fallback(Self::cached, on(Error::Down | Error::Busy), when = Error::is_transient, clone(query))]
#[circuit_breaker(name = "jira")]
#[timeout(5s)]
async fn search(&self, query: String) -> Result<Vec<Issue>, Error> {
    self.client.search(query).await
}
