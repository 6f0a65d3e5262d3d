use resilience::retry;

use resilience::Strategy;

#[retry(strategy = Strategy::Fibonacci)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
