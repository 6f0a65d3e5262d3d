use resilience::async_bulkhead;

#[derive(Debug)]
enum ApiError {
    Busy,
    NotFound(u32),
    Open(resilience::CircuitOpen),
    Full(resilience::BulkheadFull),
}

impl From<resilience::CircuitOpen> for ApiError {
    fn from(open: resilience::CircuitOpen) -> Self {
        Self::Open(open)
    }
}

impl From<resilience::BulkheadFull> for ApiError {
    fn from(full: resilience::BulkheadFull) -> Self {
        Self::Full(full)
    }
}

#[async_bulkhead(25)]
async fn fetch(id: u32) -> Result<String, ApiError> {
    if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
}

fn main() {
    let _ = fetch(7);
}
