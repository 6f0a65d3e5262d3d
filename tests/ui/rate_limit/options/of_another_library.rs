use resilience::rate_limit;

#[rate_limit(limit_for_period = 100, per = 1s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
