use resilience::retry;

#[retry]
fn send(body: String) -> Result<(), std::io::Error> {
    drop(body);
    Ok(())
}

fn main() {
    let _ = send(String::new());
}
