use std::future::Future;
use std::pin::Pin;

#[resilience::retry]
fn begin(name: impl ToString) -> Pin<Box<dyn Future<Output = std::io::Result<usize>> + Send>> {
    let name = name.to_string();
    Box::pin(async move { Ok(name.len()) })
}

fn main() {
    drop(begin("name"));
}
