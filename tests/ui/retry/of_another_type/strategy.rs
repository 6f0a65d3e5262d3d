use resilience::retry;

const KIND: u32 = 1;

#[retry(strategy = KIND)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
