//! `attempt` with the name of an argument, which the body could not see any more.

use resilience::retry;

#[retry(attempt = page)]
fn fetch(page: u32) -> Result<u32, String> {
    Ok(page)
}

fn main() {}
