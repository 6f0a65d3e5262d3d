//! The threads whose reads and writes are listed.

use std::{
    io::{self, Write as _},
    sync::{
        Barrier,
        atomic::{AtomicU8, Ordering},
        mpsc,
    },
    thread,
};

use resilience_benches::{Path, paths};

/// A thread writes to the first before its calls that are listed, and to the second after each.
static MARKS: [AtomicU8; 2] = [AtomicU8::new(0), AtomicU8::new(0)];

/// Before these many calls a thread has not yet got its place among the counters and in the clock.
const UNLISTED: u32 = 100;

/// The calls that are listed for each thread.
pub(crate) const LISTED: usize = 8;

/// Lets this many threads make the calls of each path, one after the other. It first prints the
/// addresses of the marks.
pub(crate) fn run(threads: usize) {
    let [begin, end] = MARKS.each_ref().map(|mark| mark.as_ptr() as usize);
    println!("{begin} {end}");
    io::stdout()
        .flush()
        .expect("the program that reads this waits for it");
    for path in paths() {
        in_turn(threads, &path);
    }
}

/// All threads live until the last one is done, so that none of them inherits the place of another.
fn in_turn(threads: usize, path: &Path) {
    let all_done = Barrier::new(threads + 1);
    thread::scope(|scope| {
        for _ in 0..threads {
            let (done, is_done) = mpsc::channel();
            let all_done = &all_done;
            scope.spawn(move || {
                calls(path);
                done.send(()).expect("the main thread waits");
                all_done.wait();
            });
            is_done.recv().expect("the thread says so");
        }
        all_done.wait();
    });
}

fn calls(path: &Path) {
    for _ in 0..UNLISTED {
        (path.call)();
    }
    MARKS[0].store(1, Ordering::SeqCst);
    for _ in 0..LISTED {
        (path.call)();
        MARKS[1].store(1, Ordering::SeqCst);
    }
}
