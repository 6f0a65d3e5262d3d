//! Functions with the same branches, bare and annotated, and a caller that polls them.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Waker};

//@ async
pub async fn counted_async(number: u32) -> io::Result<u32> {
    if number == 1 {
        Ok(2)
    } else if number == 2 {
        Ok(3)
    } else if number == 3 {
        Ok(5)
    } else {
        Ok(8)
    }
}

//@ async
pub fn counted_block(number: u32) -> impl Future<Output = io::Result<u32>> {
    async move {
        if number == 1 {
            Ok(2)
        } else if number == 2 {
            Ok(3)
        } else if number == 3 {
            Ok(5)
        } else {
            Ok(8)
        }
    }
}

//@ sync
pub fn counted_sync(mut text: &str, number: u32) -> io::Result<u32> {
    if number == 1 {
        text = "2";
    } else if number == 2 {
        text = "3";
    } else if number == 3 {
        text = "5";
    }
    Ok(text.len() as u32)
}

pub fn call(number: u32) -> u32 {
    let mut context = Context::from_waker(Waker::noop());
    let mut polled = 0;
    polled += u32::from(pin!(counted_async(number)).poll(&mut context).is_ready());
    polled += u32::from(pin!(counted_block(number)).poll(&mut context).is_ready());
    polled + counted_sync("1", number).unwrap_or_default()
}
