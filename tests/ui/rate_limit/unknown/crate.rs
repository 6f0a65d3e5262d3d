use resilience::rate_limit;

#[rate_limit(100, per = 1s, crate = retries_of_another_one)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
