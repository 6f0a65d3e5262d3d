use resilience::retry;

#[retry]
fn find() -> impl Iterator<Item = u32> {
    0..3
}

fn main() {
    let _ = find().count();
}
