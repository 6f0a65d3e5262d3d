use resilience::retry;

#[retry]
fn count(text: String) -> Result<u32, std::io::Error> {
    Ok(text.parse::<u32>()?)
}

fn main() {
    let _ = count(String::new());
}
