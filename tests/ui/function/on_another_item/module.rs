use resilience::retry;

#[retry]
mod client {
    pub fn fetch() {}
}

fn main() {
    client::fetch();
}
