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

fn describe(_: resilience::BulkheadFull) -> String {
    String::new()
}

#[bulkhead(25, error = describe)]
async fn fetch(id: u32) -> Result<String, ApiError> {
    if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
}

fn main() {
    let _ = fetch(7);
}
