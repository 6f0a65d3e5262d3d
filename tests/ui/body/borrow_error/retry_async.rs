use resilience::retry;

#[retry]
async fn count() -> Result<usize, std::io::Error> {
    let mut names = vec![String::from("ann")];
    let first = &names[0];
    names.clear();
    Ok(first.len())
}

fn main() {
    let _ = count();
}
