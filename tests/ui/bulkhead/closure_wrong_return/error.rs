use resilience::bulkhead;

enum ApiError {
    Busy,
    NotFound(u32),
    Refused(resilience::BulkheadFull),
}

impl From<resilience::BulkheadFull> for ApiError {
    fn from(full: resilience::BulkheadFull) -> Self {
        Self::Refused(full)
    }
}

#[bulkhead(25, error = |cause| cause.to_string())]
async fn fetch(id: u32) -> Result<String, ApiError> {
    if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
}

fn main() {
    let _ = fetch(7);
}
