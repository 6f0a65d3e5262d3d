use resilience::timeout;

#[timeout(5s, operation = "fetch" config = CONFIG)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
