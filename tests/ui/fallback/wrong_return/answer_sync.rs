use resilience::fallback;

#[derive(Debug)]
enum ApiError {
    Busy,
    NotFound(u32),
}

fn cached(_: &ApiError, _: &u32) -> String {
    String::new()
}

#[fallback(cached)]
fn fetch(id: u32) -> Result<String, ApiError> {
    if id == 0 { Err(ApiError::NotFound(id)) } else { Err(ApiError::Busy) }
}

fn main() {
    let _ = fetch(7);
}
