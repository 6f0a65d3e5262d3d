use resilience::timeout;

#[timeout(5s)]
fn query(table: &str, filter: &str) -> Result<usize, std::io::Error> {
    Ok(table.len() + filter.len())
}

fn main() {
    let _ = query("users", "active");
}
