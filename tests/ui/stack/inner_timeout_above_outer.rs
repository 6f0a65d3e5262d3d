use resilience::{retry, timeout};

#[timeout(2s)]
#[retry(max_retries = 3)]
#[timeout(5s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
