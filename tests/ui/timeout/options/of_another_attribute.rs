use resilience::timeout;

#[timeout(5s, half_open_max_calls = 1)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
