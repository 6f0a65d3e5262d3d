use resilience::rate_limit;

const NONE: u32 = 0;

#[rate_limit(100, per = 1s, burst = NONE)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
