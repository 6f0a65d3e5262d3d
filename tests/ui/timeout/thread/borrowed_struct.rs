use resilience::timeout;

struct Client;

#[timeout(5s)]
fn query(client: &Client, id: u32) -> Result<u32, std::io::Error> {
    let _ = client;
    Ok(id)
}

fn main() {
    let _ = query(&Client, 1);
}
