use resilience::retry;

type Count = u32;

#[retry]
fn count() -> Count {
    3
}

fn main() {
    let _: Count = count();
}
