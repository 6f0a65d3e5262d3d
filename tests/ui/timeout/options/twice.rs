use resilience::timeout;

#[timeout(5s, operation = "fetch", operation = "fetch")]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
