use resilience::{retry, timeout};

#[timeout(30s)]
#[retry(max_elapsed = 2m)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
