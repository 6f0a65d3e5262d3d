use resilience::rate_limit;

const NONE: std::time::Duration = std::time::Duration::ZERO;

#[rate_limit(100, per = NONE)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
