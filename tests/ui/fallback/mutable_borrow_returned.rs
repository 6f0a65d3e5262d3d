use resilience::fallback;

struct Pool {
    connections: Vec<String>,
}

impl Pool {
    #[fallback(|_| Ok(&mut self.connections[0]))]
    fn connection(&mut self) -> Result<&mut String, std::io::Error> {
        Ok(&mut self.connections[1])
    }
}

fn main() {
    let _ = Pool { connections: Vec::new() }.connection();
}
