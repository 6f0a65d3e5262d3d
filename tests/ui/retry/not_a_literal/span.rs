use resilience::retry;

const SPANS: bool = true;

#[retry(span = SPANS)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
