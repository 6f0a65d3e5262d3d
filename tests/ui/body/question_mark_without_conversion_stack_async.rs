use resilience::{circuit_breaker, retry, timeout};

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

#[retry]
#[circuit_breaker]
#[timeout(5s)]
async fn count(text: String) -> Result<u32, ApiError> {
    Ok(text.parse::<u32>()?)
}

fn main() {
    let _ = count(String::new());
}
