use resilience::retry;

#[retry]
fn count() -> Result<u32, std::io::Error> {
    Ok(3);
}

fn main() {
    let _ = count();
}
