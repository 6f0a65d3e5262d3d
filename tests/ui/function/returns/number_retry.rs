use resilience::retry;

#[retry]
fn count() -> u32 {
    3
}

fn main() {
    let _: u32 = count();
}
