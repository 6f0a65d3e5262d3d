use resilience::timeout;

const NAME: u32 = 7;

#[timeout(5s, operation = NAME)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
