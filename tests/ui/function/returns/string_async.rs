use resilience::retry;

#[retry]
async fn fetch() -> String {
    String::new()
}

fn main() {
    let _ = fetch();
}
