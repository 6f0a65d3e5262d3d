use resilience::rate_limit;

#[rate_limit(per = 1s, limit = -1)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
