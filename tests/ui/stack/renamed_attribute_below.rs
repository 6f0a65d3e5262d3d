use resilience::retry;
use resilience::timeout as deadline;

#[retry]
#[deadline(5s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
