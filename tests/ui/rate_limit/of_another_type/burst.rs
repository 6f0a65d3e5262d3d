use resilience::rate_limit;

const CALLS: u64 = 100;

#[rate_limit(100, per = 1s, burst = CALLS)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
