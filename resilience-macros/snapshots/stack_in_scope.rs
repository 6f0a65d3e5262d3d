#[retry]
#[circuit_breaker]
#[timeout(1s)]
async fn fetch(url: &str) -> Result<String, Error> {
    get(url).await
}
