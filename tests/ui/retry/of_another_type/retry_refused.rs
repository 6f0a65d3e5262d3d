use resilience::retry;

const REFUSED: u32 = 1;

#[retry(retry_refused = REFUSED)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
