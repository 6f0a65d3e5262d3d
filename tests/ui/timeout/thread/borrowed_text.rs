use resilience::timeout;

#[timeout(5s)]
fn query(sql: &str) -> Result<u32, std::io::Error> {
    Ok(sql.len() as u32)
}

fn main() {
    let _ = query("select 1");
}
