use resilience::rate_limit;

enum ApiError {
    Busy,
    NotFound(u32),
    Refused(resilience::RateLimited),
}

impl From<resilience::RateLimited> for ApiError {
    fn from(limited: resilience::RateLimited) -> Self {
        Self::Refused(limited)
    }
}

fn describe(_: resilience::RateLimited) -> String {
    String::new()
}

#[rate_limit(100, per = 1s, error = describe)]
async fn fetch(id: u32) -> Result<String, ApiError> {
    if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
}

fn main() {
    let _ = fetch(7);
}
