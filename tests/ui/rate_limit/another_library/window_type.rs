use resilience::rate_limit;

#[rate_limit(100, per = 1s, window_type = "sliding")]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
