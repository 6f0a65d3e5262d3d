use resilience::retry;

#[retry]
type Count = u32;

fn main() {
    let _: Count = 3;
}
