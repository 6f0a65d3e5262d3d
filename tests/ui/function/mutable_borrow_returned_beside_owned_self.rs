use std::collections::HashMap;

#[derive(Clone, Copy)]
struct Key(u32);

impl Key {
    #[resilience::retry]
    fn slot(self, map: &mut HashMap<u32, u32>) -> std::io::Result<&mut u32> {
        map.get_mut(&self.0).ok_or_else(|| std::io::Error::other("none"))
    }
}

fn main() {
    let _ = Key(1).slot(&mut HashMap::new());
}
