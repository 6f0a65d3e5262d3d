//! Runs a sync function that returns 200 KB on a thread whose stack has so many KB:
//! `stack_use FUNCTION KILOBYTES`. The program crashes if the stack is too small, and the report
//! looks for the smallest one that suffices.

// The functions return large values on purpose.
#![allow(clippy::large_stack_arrays)]

use std::{env, hint::black_box, thread};

use resilience::{CircuitOpen, TimedOut, circuit_breaker, retry, timeout};

#[derive(Debug)]
enum Error {
    Failed,
    Open(CircuitOpen),
    Late(TimedOut),
}

impl From<CircuitOpen> for Error {
    fn from(open: CircuitOpen) -> Self {
        Self::Open(open)
    }
}

impl From<TimedOut> for Error {
    fn from(late: TimedOut) -> Self {
        Self::Late(late)
    }
}

type Large = [u8; 200 * 1024];

#[inline(never)]
fn bare(byte: u8) -> Result<Large, Error> {
    if byte == 0 {
        return Err(Error::Failed);
    }
    Ok([byte; 200 * 1024])
}

// The body of a timeout in the mode `thread` has the stack of a worker. This one has the caller's.
#[retry]
#[circuit_breaker]
#[timeout(5s, mode = cooperative)]
#[inline(never)]
fn ours(byte: u8) -> Result<Large, Error> {
    if byte == 0 {
        return Err(Error::Failed);
    }
    Ok([byte; 200 * 1024])
}

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [function, kilobytes] = &arguments[..] else {
        eprintln!("usage: stack_use ours|bare KILOBYTES");
        std::process::exit(2);
    };
    let kilobytes: usize = kilobytes.parse().expect("KILOBYTES is a number");
    let function = match &**function {
        "ours" => ours,
        "bare" => bare,
        other => panic!("there is no function `{other}`"),
    };
    let run = move || match black_box(function)(black_box(7)) {
        Ok(large) => u64::from(large[0]),
        Err(Error::Failed) => 0,
        Err(Error::Open(open)) => open.to_string().len() as u64,
        Err(Error::Late(late)) => late.to_string().len() as u64,
    };
    let thread = thread::Builder::new().stack_size(kilobytes * 1024);
    let byte = thread.spawn(run).expect("the thread starts").join();
    assert_eq!(byte.expect("the function does not panic"), 7);
}
