//! Functions as people write them, some of which a lint does not like. Each comment `//@` becomes
//! attributes.

use std::fs::File;
use std::future::Future;
use std::io::{self, Write};
use std::path::Path;
use std::pin::Pin;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub struct Large(pub [u8; 200]);

impl From<resilience::CircuitOpen> for Large {
    fn from(_: resilience::CircuitOpen) -> Self {
        Self([0; 200])
    }
}

impl From<resilience::TimedOut> for Large {
    fn from(_: resilience::TimedOut) -> Self {
        Self([0; 200])
    }
}

#[derive(Clone)]
pub struct Out {
    busy: bool,
    pub sink: Vec<u8>,
}

pub trait Store {
    fn put(&self) -> Result<u8, Large>;
    fn get(&mut self, key: &str) -> io::Result<usize>;
}

impl Store for Out {
    //@ sync
    fn put(&self) -> Result<u8, Large> {
        Err(Large([0; 200]))
    }

    //@ sync
    fn get(&mut self, key: &str) -> io::Result<usize> {
        return Ok(self.sink.len() + key.len());
    }
}

impl Out {
    //@ sync
    pub fn send(&mut self, text: &[u8]) -> io::Result<()> {
        self.busy = true;
        let sent = self.sink.write_all(text);
        self.busy = false;
        sent
    }

    //@ async
    pub async fn send_async(&mut self, text: &[u8]) -> io::Result<()> {
        self.busy = true;
        let sent = wait(self.sink.write_all(text)).await;
        self.busy = false;
        sent
    }

    //@ sync
    pub fn is_busy(&self) -> io::Result<bool> {
        return Ok(self.busy);
    }

    //@ sync
    pub fn unused_self(&self) -> io::Result<bool> {
        Ok(true)
    }

    //@ sync
    pub fn unused_mut_self(&mut self) -> io::Result<bool> {
        Ok(self.busy)
    }

    //@ async
    pub async fn unused_mut_self_async(&mut self) -> io::Result<bool> {
        wait(self.busy).await;
        Ok(self.busy)
    }

    //@ sync
    pub fn owned(self, more: Vec<u8>) -> io::Result<usize> {
        Ok(self.sink.len() + more.len())
    }

    //@ async
    pub async fn owned_async(mut self, more: Vec<u8>) -> io::Result<usize> {
        self.busy = true;
        self.busy = false;
        wait(()).await;
        Ok(self.sink.len() + more.len())
    }
}

//@ sync
pub fn owned_is_changed(mut out: Out, mut numbers: [u32; 2]) -> io::Result<usize> {
    out.busy = true;
    numbers[0] = 1;
    let length = out.sink.len();
    out.busy = false;
    numbers[1] += 1; // The warning of this line is lost.
    Ok(length)
}

//@ async
pub async fn owned_is_changed_async(mut out: Out, mut numbers: [u32; 2]) -> io::Result<usize> {
    out.busy = true;
    numbers[0] = 1;
    let length = wait(out.sink.len()).await;
    out.busy = false;
    numbers[1] += 1; // The warning of this line is lost.
    Ok(length)
}

//@ sync
pub fn large() -> Result<u8, Large> {
    let nested = || Err::<u8, _>(Large([1; 200])); // The warning of this line is lost.
    nested()
}

//@ async
pub async fn large_async() -> Result<u8, Large> {
    wait(()).await;
    Err(Large([0; 200]))
}

//@ sync
pub fn flag(busy: &mut bool, sink: &mut Vec<u8>) -> io::Result<()> {
    *busy = true;
    let sent = sink.write_all(b"text");
    *busy = false;
    sent
}

//@ async
pub async fn flag_async(busy: &mut bool, sink: &mut Vec<u8>) -> io::Result<()> {
    *busy = true;
    let sent = wait(sink.write_all(b"text")).await;
    *busy = false;
    sent
}

//@ sync
pub fn not_changed(number: &mut u32) -> io::Result<u32> {
    Ok(*number + 1)
}

//@ async
pub async fn not_changed_async(number: &mut u32) -> io::Result<u32> {
    wait(()).await;
    Ok(*number + 1)
}

//@ sync
pub fn returns(key: &str) -> io::Result<usize> {
    if key.is_empty() {
        return Err(io::Error::other("empty"));
    }
    return Ok(key.len());
}

//@ async
pub async fn returns_async(key: &str) -> io::Result<usize> {
    wait(()).await;
    return Ok(key.len());
}

//@ async
pub async fn never_awaits(key: &str) -> io::Result<usize> {
    Ok(key.len())
}

//@ sync
pub fn local_is_never_read(key: &str) -> io::Result<usize> {
    let mut length = 0;
    length = key.len();
    Ok(key.len())
}

//@ async
pub async fn local_is_never_read_async(key: &str) -> io::Result<usize> {
    let mut length = 0;
    wait(()).await;
    length = key.len();
    Ok(key.len())
}

//@ sync
pub fn unused(argument: u32, (first, second): (u32, u32)) -> io::Result<u32> {
    Ok(second)
}

//@ async
pub async fn unused_async(argument: String, (first, second): (u32, u32)) -> io::Result<u32> {
    wait(()).await;
    Ok(second)
}

//@ sync
pub fn mutable(mut text: &str, mut bytes: Vec<u8>) -> io::Result<usize> {
    text = text.trim();
    bytes.push(1);
    Ok(text.len() + bytes.len())
}

//@ async
pub async fn mutable_async(mut text: &str, mut bytes: Vec<u8>) -> io::Result<usize> {
    text = text.trim();
    bytes.push(1);
    wait(()).await;
    Ok(text.len() + bytes.len())
}

//@ sync
pub fn needlessly_mutable(mut text: &str, mut bytes: Vec<u8>) -> io::Result<usize> {
    Ok(text.len() + bytes.len())
}

//@ async
pub fn lone_block(text: String) -> impl Future<Output = io::Result<usize>> {
    async move {
        let text = text;
        wait(()).await;
        Ok(text.len())
    }
}

//@ async
pub fn constructed(text: &str) -> impl Future<Output = io::Result<usize>> {
    let length = text.len();
    async move { return Ok(length) }
}

//@ async
pub fn boxed(text: &str) -> BoxFuture<'_, io::Result<usize>> {
    Box::pin(async move { Ok(text.len()) })
}

//@ sync
pub fn generic<T: ToString + Clone, const N: usize>(items: [T; N], shown: impl ToString + Clone) -> io::Result<usize> {
    Ok(items.iter().map(|item| item.to_string().len()).sum::<usize>() + shown.to_string().len())
}

//@ sync
pub fn lent(path: impl AsRef<Path>, log: Option<&mut Vec<u8>>) -> io::Result<File> {
    note(log);
    File::open(path)
}

//@ sync
pub fn lent_closures<F: FnMut(u8)>(mut first: F, second: impl FnMut(u8)) -> io::Result<()> {
    first(1);
    [1, 2].into_iter().for_each(second);
    Ok(())
}

//@ async
pub async fn lent_async(text: impl AsRef<str>, mut log: Option<&mut Vec<u8>>) -> io::Result<usize> {
    note(log.take());
    wait(()).await;
    Ok(length(text))
}

//@ sync
pub fn needlessly_lent(text: impl AsRef<str>, mut log: Option<&mut Vec<u8>>) -> io::Result<usize> {
    Ok(text.as_ref().len() + log.map_or(0, |log| log.len()))
}

fn note(log: Option<&mut Vec<u8>>) {
    if let Some(log) = log {
        log.push(1);
    }
}

fn length(text: impl AsRef<str>) -> usize {
    text.as_ref().len()
}

//@ sync
pub fn panics(number: Option<u32>) -> io::Result<u32> {
    let numbers = [1, 2, 3];
    let index = number.unwrap() as usize;
    Ok(numbers[index] + number.expect("a number"))
}

//@ sync
fn never_called() -> io::Result<u32> {
    let closure = |text: &str| text.len() as u32;
    Ok(closure("text"))
}

//@ sync
/// Documented, without a word on its errors.
pub fn borrows<'a>(text: &'a str, other: &str) -> io::Result<&'a str> {
    let text = if other.is_empty() { text } else { text.trim() };
    Ok(text)
}

async fn wait<T>(value: T) -> T {
    std::future::ready(()).await;
    value
}
