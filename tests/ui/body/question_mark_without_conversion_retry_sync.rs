use resilience::retry;

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
fn count(text: String) -> Result<u32, ApiError> {
    Ok(text.parse::<u32>()?)
}

fn main() {
    let _ = count(String::new());
}
