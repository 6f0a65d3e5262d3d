use resilience::retry;

use std::pin::Pin;

#[retry]
fn count() -> Pin<Box<dyn Future<Output = u32>>> {
    Box::pin(async { 3 })
}

fn main() {
    let _ = count();
}
