use resilience::retry;

struct Pool {
    connections: Vec<String>,
}

impl Pool {
    #[retry]
    fn connection(&mut self) -> Result<&mut String, std::io::Error> {
        Ok(&mut self.connections[0])
    }
}

fn main() {
    let _ = Pool { connections: Vec::new() }.connection();
}
