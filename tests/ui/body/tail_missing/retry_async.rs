use resilience::retry;

#[retry]
async fn count() -> Result<u32, std::io::Error> {
    Ok(3);
}

fn main() {
    let _ = count();
}
