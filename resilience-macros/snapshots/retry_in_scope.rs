#[retry]
async fn fetch(url: &str) -> Result<String, Error> {
    get(url).await
}
