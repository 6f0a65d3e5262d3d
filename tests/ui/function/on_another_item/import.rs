use resilience::retry;

#[retry]
use std::collections::HashMap;

fn main() {
    let _: HashMap<u32, u32> = HashMap::new();
}
