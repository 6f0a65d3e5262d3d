use resilience::timeout;

#[timeout(5s)]
fn count() -> u32 {
    3
}

fn main() {
    let _: u32 = count();
}
