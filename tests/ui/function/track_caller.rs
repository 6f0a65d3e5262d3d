use resilience::retry;

#[track_caller]
#[retry(max_retries = 3)]
fn fetch(id: u32) -> Result<String, std::io::Error> {
    Err(std::io::Error::other(id.to_string()))
}

fn main() {
    let _ = fetch(7);
}
