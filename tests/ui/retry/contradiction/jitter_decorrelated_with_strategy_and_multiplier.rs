use resilience::retry;

#[derive(Debug)]
enum ApiError {
    Busy,
    NotFound(u32),
    Open(resilience::CircuitOpen),
    Late(resilience::TimedOut),
}

impl From<resilience::CircuitOpen> for ApiError {
    fn from(open: resilience::CircuitOpen) -> Self {
        Self::Open(open)
    }
}

impl From<resilience::TimedOut> for ApiError {
    fn from(late: resilience::TimedOut) -> Self {
        Self::Late(late)
    }
}

#[retry(strategy = linear, multiplier = 3.0, jitter = decorrelated)]
async fn fetch(id: u32) -> Result<String, ApiError> {
    if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
}

fn main() {
    let _ = fetch(7);
}
