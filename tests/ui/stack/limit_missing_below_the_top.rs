use resilience::{retry, timeout};

#[retry]
#[timeout]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
