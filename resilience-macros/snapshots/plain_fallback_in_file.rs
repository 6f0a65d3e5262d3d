#[fallback(cached)]
async fn search(query: &str) -> Result<Vec<Issue>, Error> {
    find(query).await
}
