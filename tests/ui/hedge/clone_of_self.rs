use resilience::hedge;

#[derive(Clone)]
struct Client;

impl Client {
    #[hedge(budget = 0.1, clone(self))]
    async fn send(self) -> Result<(), std::io::Error> {
        drop(self);
        Ok(())
    }
}

fn main() {
    let _ = Client.send();
}
