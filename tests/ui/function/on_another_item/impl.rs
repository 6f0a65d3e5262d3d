use resilience::retry;

struct Client;

#[retry]
impl Client {
    fn fetch(&self) -> Result<u32, std::io::Error> {
        Ok(3)
    }
}

fn main() {
    let _ = Client.fetch();
}
