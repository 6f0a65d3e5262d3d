//! Measures the repository's own source, and draws the picture of the README.
//!
//! - `cargo run -q -p xtask -- prose` prints how the comments read, and fails above the goals of
//!   [`prose`].
//! - `cargo run -q -p xtask -- prose --worst` prints every comment block that is above them, with
//!   its place.
//! - `cargo run -q -p xtask -- lines` prints the sizes of files and functions, and the circles
//!   between modules; it fails if a function is too long, a comment is too wide, or there is a
//!   circle.
//! - `cargo run -q -p xtask -- timeline` draws the output of the quickstart, see [`timeline`].

mod circles;
mod imports;
mod lexer;
mod lines;
mod prose;
mod source;
mod timeline;
mod wide;

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if arguments[..] == ["timeline"] {
        return exit_code(timeline::report());
    }
    let packages = match source::packages() {
        Ok(packages) => packages,
        Err(error) => {
            eprintln!("the source cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    let is_good = match arguments[..] {
        ["prose"] => prose::report(&packages, false),
        ["prose", "--worst"] => prose::report(&packages, true),
        ["lines"] => lines::report(&packages),
        _ => {
            eprintln!("usage: cargo run -q -p xtask -- prose [--worst] | lines | timeline");
            return ExitCode::FAILURE;
        }
    };
    exit_code(is_good)
}

fn exit_code(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
