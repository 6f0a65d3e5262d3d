use resilience::retry;

#[retry]
enum Kind {
    Fast,
}

fn main() {
    let _ = Kind::Fast;
}
