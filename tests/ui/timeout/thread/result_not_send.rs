use resilience::timeout;

use std::rc::Rc;

#[timeout(5s)]
fn names() -> Result<Rc<str>, std::io::Error> {
    Ok(Rc::from("ann"))
}

fn main() {
    let _ = names();
}
