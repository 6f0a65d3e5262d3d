use resilience::timeout;

#[timeout(5s, crate = stamina)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
