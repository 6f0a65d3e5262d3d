use resilience::rate_limit;

const TIME: u64 = 30;

#[rate_limit(100, per = 1s, max_wait = TIME)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
