use std::pin::Pin;

use resilience::retry;

type Reply = Pin<Box<dyn Future<Output = Result<String, std::io::Error>>>>;

#[retry(max_retries = 3)]
fn fetch(id: u32) -> Reply {
    Box::pin(async move { Err(std::io::Error::other(id.to_string())) })
}

fn main() {
    let _ = fetch(7);
}
