use resilience::retry;

#[retry]
const LIMIT: u32 = 3;

fn main() {
    let _ = LIMIT;
}
