use resilience::{CircuitOpen, circuit_breaker};

fn cached(_: &CircuitOpen, _: &(u32, u32)) -> Result<u32, std::io::Error> {
    Ok(0)
}

#[circuit_breaker(fallback = cached)]
fn fetch((page, size): (u32, u32)) -> Result<u32, std::io::Error> {
    Ok(page * size)
}

fn main() {
    let _ = cached;
    let _ = fetch((1, 2));
}
