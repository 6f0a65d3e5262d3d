use resilience::timeout;

use std::rc::Rc;

#[timeout(5s)]
fn count(names: Rc<Vec<String>>) -> Result<usize, std::io::Error> {
    Ok(names.len())
}

fn main() {
    let _ = count(Rc::default());
}
