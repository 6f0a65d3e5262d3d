use resilience::rate_limit;

#[rate_limit(100, limit_refresh_period = 1s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
