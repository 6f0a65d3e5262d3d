use resilience::async_rate_limit;

#[derive(Debug)]
enum ApiError {
    Busy,
    NotFound(u32),
    Open(resilience::CircuitOpen),
    Limited(resilience::RateLimited),
}

impl From<resilience::CircuitOpen> for ApiError {
    fn from(open: resilience::CircuitOpen) -> Self {
        Self::Open(open)
    }
}

impl From<resilience::RateLimited> for ApiError {
    fn from(limited: resilience::RateLimited) -> Self {
        Self::Limited(limited)
    }
}

#[async_rate_limit(100, per = 1s)]
async fn fetch(id: u32) -> Result<String, ApiError> {
    if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
}

fn main() {
    let _ = fetch(7);
}
