use resilience::retry;

const DELAY: u64 = 30;

#[retry(base_delay = DELAY)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
