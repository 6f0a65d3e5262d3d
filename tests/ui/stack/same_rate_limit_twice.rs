use resilience::{rate_limit, retry};

#[rate_limit(100, per = 1s, name = "api")]
#[retry]
#[rate_limit(100, per = 1s, name = "api")]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
