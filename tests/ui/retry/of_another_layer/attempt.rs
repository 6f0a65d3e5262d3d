//! `attempt` with one name on two retries of a function.

use resilience::retry;

#[retry(attempt = n)]
#[retry(attempt = n, max_retries = 1)]
fn fetch() -> Result<u32, String> {
    Ok(n.number())
}

fn main() {}
