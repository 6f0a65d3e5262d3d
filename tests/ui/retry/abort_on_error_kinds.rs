use resilience::retry;

#[retry(abort_on(std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied))]
async fn fetch(id: u32) -> std::io::Result<String> {
    Err(std::io::Error::other(id.to_string()))
}

fn main() {
    let _ = fetch(7);
}
