use resilience::retry;

#[retry]
fn find(names: &[String]) -> &str {
    &names[0]
}

fn main() {
    let _: &str = find(&[]);
}
