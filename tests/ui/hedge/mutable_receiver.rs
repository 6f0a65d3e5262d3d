use resilience::hedge;

struct Pool {
    connections: Vec<String>,
}

impl Pool {
    #[hedge(budget = 0.1)]
    async fn connection(&mut self) -> Result<&mut String, std::io::Error> {
        Ok(&mut self.connections[0])
    }
}

fn main() {
    let _ = Pool { connections: Vec::new() }.connection();
}
