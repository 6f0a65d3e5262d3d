use std::future::Future;

#[resilience::hedge(budget = 0.1)]
fn connect(url: &str) -> impl Future<Output = std::io::Result<u16>> + 'static {
    let port = url.len() as u16;
    async move { Ok(port) }
}

fn main() {
    drop(connect("localhost"));
}
