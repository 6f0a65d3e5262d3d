use resilience::{circuit_breaker, retry, timeout};

#[retry]
#[circuit_breaker]
#[timeout(5s, mode = cooperative)]
fn count() -> Result<usize, std::io::Error> {
    let names = vec![String::from("ann")];
    drop(names);
    Ok(names.len())
}

fn main() {
    let _ = count();
}
