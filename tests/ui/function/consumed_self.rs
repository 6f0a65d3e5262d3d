use resilience::retry;

struct Upload(String);

impl Upload {
    #[retry]
    fn finish(self) -> Result<String, std::io::Error> {
        Ok(self.0)
    }
}

fn main() {
    let _ = Upload(String::new()).finish();
}
