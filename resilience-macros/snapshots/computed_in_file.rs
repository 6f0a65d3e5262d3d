#[retry(max_retries = self.retries, base_delay = 1s)]
#[timeout(5s)]
async fn fetch(&self, url: &str) -> Result<String, Error> {
    self.get(url).await
}
