use resilience::retry;

#[retry]
trait Client {
    fn fetch(&self) -> Result<u32, std::io::Error>;
}

struct Jira;

impl Client for Jira {
    fn fetch(&self) -> Result<u32, std::io::Error> {
        Ok(3)
    }
}

fn main() {
    let _ = Jira.fetch();
}
