use resilience::{retry, timeout};

#[timeout(2s)]
#[retry(base_delay = 5s, jitter = equal)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
