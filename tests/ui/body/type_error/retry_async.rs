use resilience::retry;

#[retry]
async fn count() -> Result<u32, std::io::Error> {
    let number: u32 = "three";
    Ok(number)
}

fn main() {
    let _ = count();
}
