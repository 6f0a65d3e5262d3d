use resilience::rate_limit;

const CALLS: u64 = 100;

#[rate_limit(per = 1s, limit = CALLS)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
