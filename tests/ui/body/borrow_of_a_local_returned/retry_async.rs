use resilience::retry;

#[retry]
async fn name() -> Result<&'static str, std::io::Error> {
    let name = String::from("ann");
    Ok(&name)
}

fn main() {
    let _ = name();
}
