use resilience::retry;

#[retry]
async fn count(text: String) -> Result<u32, ApiError> {
    Ok(text.parse::<u32>()?)
}

struct ApiError;

impl From<resilience::CircuitOpen> for ApiError {
    fn from(_: resilience::CircuitOpen) -> Self {
        Self
    }
}

impl From<resilience::TimedOut> for ApiError {
    fn from(_: resilience::TimedOut) -> Self {
        Self
    }
}

fn main() {
    let _ = count(String::new());
}
