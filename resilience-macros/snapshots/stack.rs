#[retry(max_retries = 3, base_delay = 1s, max_delay = 30s)]
#[circuit_breaker(name = "llm_api", failure_threshold = 5, recovery_timeout = 30s)]
#[timeout(30s)]
async fn call_llm(&self, prompt: &str) -> Result<String, ApiError> {
    self.http.post(URL).json(&Request::new(prompt)).send().await?.text().await.map_err(ApiError::from)
}
