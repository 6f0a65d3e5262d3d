use std::rc::Rc;

use resilience::{circuit_breaker, retry, timeout};

#[retry]
#[circuit_breaker]
#[timeout(5s)]
async fn fetch() -> Result<usize, std::io::Error> {
    let name = Rc::new(String::from("ann"));
    std::future::ready(()).await;
    Ok(name.len())
}

fn spawn(_: impl Future + Send) {}

fn main() {
    spawn(fetch());
}
