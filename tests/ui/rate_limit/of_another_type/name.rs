use resilience::rate_limit;

const NAME: u32 = 7;

#[rate_limit(100, per = 1s, name = NAME)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
