use resilience::rate_limit;

#[rate_limit(config = CONFIG)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
