use resilience::{rate_limit, timeout};

#[timeout(1s)]
#[rate_limit(100, per = 1s, max_wait = 2s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
