use resilience::retry;

#[retry]
fn count() -> Result<usize, std::io::Error> {
    let names = vec![String::from("ann")];
    drop(names);
    Ok(names.len())
}

fn main() {
    let _ = count();
}
