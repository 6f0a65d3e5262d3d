use resilience::retry;

#[retry(base_delay = 2m, max_delay = 30s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
