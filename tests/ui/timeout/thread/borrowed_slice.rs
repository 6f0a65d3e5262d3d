use resilience::timeout;

#[timeout(5s, mode = thread)]
fn sum(numbers: &[u32]) -> Result<u32, std::io::Error> {
    Ok(numbers.iter().sum())
}

fn main() {
    let _ = sum(&[1, 2]);
}
