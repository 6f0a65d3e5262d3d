use resilience::{circuit_breaker, retry, timeout};

#[retry]
#[circuit_breaker]
#[timeout(5s, mode = cooperative)]
fn count() -> Result<usize, std::io::Error> {
    let mut names = vec![String::from("ann")];
    let first = &names[0];
    names.clear();
    Ok(first.len())
}

fn main() {
    let _ = count();
}
