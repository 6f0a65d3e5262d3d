use resilience::timeout;

#[timeout(5s, mode = tread)]
fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
