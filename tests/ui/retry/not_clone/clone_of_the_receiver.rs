use resilience::retry;

struct Connection;

impl Connection {
    #[retry(clone(self))]
    fn close(self) -> std::io::Result<()> {
        drop(self);
        Ok(())
    }
}

fn main() {
    let _ = Connection.close();
}
