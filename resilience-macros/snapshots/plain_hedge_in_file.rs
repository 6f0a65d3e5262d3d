#[hedge(after = 200ms, budget = 0.1)]
async fn search(query: &str) -> Result<Vec<Issue>, Error> {
    find(query).await
}
