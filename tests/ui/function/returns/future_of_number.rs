use resilience::retry;

#[retry]
fn count() -> impl Future<Output = u32> {
    async { 3 }
}

fn main() {
    let _ = count();
}
