use resilience::retry;

const CHANCE: u32 = 1;

#[retry(jitter = CHANCE)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
