use resilience::retry;

#[retry]
static LIMIT: u32 = 3;

fn main() {
    let _ = LIMIT;
}
