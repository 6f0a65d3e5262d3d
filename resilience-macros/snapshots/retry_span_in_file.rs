#[retry(span = true)]
#[timeout(1s)]
async fn fetch(url: &str) -> Result<String, Error> {
    get(url).await
}
