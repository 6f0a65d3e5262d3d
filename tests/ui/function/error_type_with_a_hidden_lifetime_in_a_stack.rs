//! The error is an `Error` only if its parameter is `'static`, which no attribute can see.

use std::{error::Error, fmt, io};

#[derive(Debug)]
pub struct Unflushed<W>(W);

impl<W> fmt::Display for Unflushed<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not flushed")
    }
}

impl<W: fmt::Debug + 'static> Error for Unflushed<W> {}

pub struct Writer<W>(W);

impl<W: io::Write + Clone + fmt::Debug> Writer<W> {
    #[resilience::retry]
    #[resilience::circuit_breaker(error = |_| panic!())]
    #[resilience::timeout(1s, mode = cooperative, error = |_| panic!())]
    pub fn finish(&self) -> Result<W, Unflushed<W>> {
        Err(Unflushed(self.0.clone()))
    }
}

fn main() {
    drop(Writer(io::sink()).finish());
}
