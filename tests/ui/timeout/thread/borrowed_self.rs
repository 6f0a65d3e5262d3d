use resilience::timeout;

struct Client;

impl Client {
    #[timeout(5s)]
    fn query(&self, id: u32) -> Result<u32, std::io::Error> {
        Ok(id)
    }
}

fn main() {
    let _ = Client.query(1);
}
