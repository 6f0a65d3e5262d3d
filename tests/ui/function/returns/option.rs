use resilience::retry;

#[retry]
fn find() -> Option<u32> {
    None
}

fn main() {
    let _: Option<u32> = find();
}
