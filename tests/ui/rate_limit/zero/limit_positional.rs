use resilience::rate_limit;

#[rate_limit(0, per = 1s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
