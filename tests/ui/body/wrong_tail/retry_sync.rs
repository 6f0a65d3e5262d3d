use resilience::retry;

#[retry]
fn count() -> Result<u32, std::io::Error> {
    Ok("three")
}

fn main() {
    let _ = count();
}
