use resilience::retry;

const NAME: u32 = 7;

#[retry(operation = NAME)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
