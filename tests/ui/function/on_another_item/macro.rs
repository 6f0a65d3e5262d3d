use resilience::retry;

#[retry]
macro_rules! three {
    () => {
        3
    };
}

fn main() {
    let _ = three!();
}
