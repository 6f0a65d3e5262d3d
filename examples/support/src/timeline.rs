//! Lines with the seconds since the program's first one, so that a reader sees the waits.

use std::{
    fmt::Display,
    sync::LazyLock,
    time::{Duration, Instant},
};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Prints that `who` did `what`, now.
pub fn line(who: impl Display, what: impl Display) {
    let seconds = START.elapsed().as_secs_f64();
    // The value is padded as text, because a `Display` may ignore the width.
    println!("{seconds:7.2}s  {:<9}  {what}", who.to_string());
}

/// The same with a duration, in a column of its own.
pub fn timed(who: impl Display, verb: &str, duration: Duration, what: impl Display) {
    line(
        who,
        format_args!("{verb:<6} {:>5} ms   {what}", duration.as_millis()),
    );
}

/// Begins a part of the story.
pub fn chapter(title: impl Display) {
    println!("\n{title}");
}
