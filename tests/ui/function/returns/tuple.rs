use resilience::retry;

#[retry]
fn find() -> (u32, bool) {
    (1, true)
}

fn main() {
    let _: (u32, bool) = find();
}
