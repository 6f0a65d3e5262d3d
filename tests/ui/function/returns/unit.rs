use resilience::retry;

#[retry]
fn find() -> () {
    ()
}

fn main() {
    find();
}
