use std::io;

#[derive(Clone)]
pub struct Load(pub Vec<u8>);

#[async_trait::async_trait]
pub trait Put {
    async fn put(&self, load: Load) -> io::Result<usize>;
}

pub struct Wire;

#[async_trait::async_trait]
impl Put for Wire {
    #[resilience::retry]
    async fn put(&self, load: Load) -> io::Result<usize> {
        Ok(take(load))
    }
}

fn take(load: Load) -> usize {
    load.0.len()
}

fn main() {
    drop(Wire.put(Load(Vec::new())));
}
