use resilience::retry;

#[retry]
union Bits {
    number: u32,
}

fn main() {
    let _ = Bits { number: 1 };
}
