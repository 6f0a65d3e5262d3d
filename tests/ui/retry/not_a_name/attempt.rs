//! `attempt` with a number, which is the number of attempts elsewhere.

use resilience::retry;

#[retry(attempt = 3)]
fn fetch() -> Result<(), String> {
    Ok(())
}

fn main() {}
