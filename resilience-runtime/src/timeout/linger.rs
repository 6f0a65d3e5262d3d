//! A moment of patience before a thread goes to sleep.

use std::thread;

/// Some ten microseconds on an idle machine; on a busy one the others get them.
const LOOKS: u32 = 20;

/// Looks a few times whether the wait is over, and gives up its turn in between.
///
/// To wake a thread on a sleeping core takes tens of microseconds, as long as to start one. With a short body, or with
/// one call after another, what is waited for comes sooner than that.
pub(super) fn linger(is_over: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if is_over() {
            return;
        }
        thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn it_ends_with_the_wait() {
        let looks = Cell::new(0);
        linger(|| looks.replace(looks.get() + 1) == 2);
        assert_eq!(looks.get(), 3);
    }

    #[test]
    fn it_ends_soon_if_the_wait_does_not() {
        let looks = Cell::new(0);
        linger(|| {
            looks.set(looks.get() + 1);
            false
        });
        assert_eq!(looks.get(), LOOKS);
    }
}
