use resilience::retry;

const FACTOR: u32 = 2;

#[retry(multiplier = FACTOR)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
