use resilience::timeout;

#[timeout(5s)]
fn fetch() {}

fn main() {
    fetch();
}
