use resilience::retry;

const FACTOR: f64 = 0.5;

#[retry(multiplier = FACTOR)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
