use resilience::retry;

#[retry(strategy = linear, multiplier = 3.0)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
