//! The reads and writes of threads, as valgrind's lackey lists them.

use std::{
    env,
    error::Error,
    io::{BufRead, BufReader},
    mem,
    process::{Command, Stdio},
};

use crate::simulation::{Access, Call};

/// For each path, the calls of each thread.
pub(crate) type Traces = Vec<Vec<Vec<Call>>>;

/// Runs this program with that many threads under lackey. The threads of a path come one after the
/// other, and so do the paths.
pub(crate) fn of_threads(threads: usize) -> Result<Traces, Box<dyn Error>> {
    let [begin, end] = marks()?;
    let mut child = lackey(threads, "--trace-mem=yes")?
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let listed = child.stderr.take().ok_or("the list was asked for")?;
    let mut of_all_threads: Vec<Vec<Call>> = Vec::new();
    let mut call = None;
    for text in BufReader::new(listed).lines() {
        let Some((access, address)) = access(&text?) else {
            continue;
        };
        if access.is_write && address == begin {
            of_all_threads.push(Vec::new());
            call = Some(Call::new());
        } else if access.is_write && address == end {
            let calls = of_all_threads
                .last_mut()
                .ok_or("an end without a beginning")?;
            calls.extend(call.as_mut().map(mem::take));
            if calls.len() == crate::threads::LISTED {
                call = None;
            }
        } else if let Some(call) = &mut call {
            call.push(access);
        }
    }
    if !child.wait()?.success() {
        return Err("the program fails under lackey".into());
    }
    Ok(of_all_threads.chunks(threads).map(<[_]>::to_vec).collect())
}

/// The addresses of the marks. They are the same in each run under valgrind.
fn marks() -> Result<[u64; 2], Box<dyn Error>> {
    let output = lackey(0, "--trace-mem=no")?.output()?;
    let text = String::from_utf8(output.stdout)?;
    let (begin, end) = text.trim().split_once(' ').ok_or("the marks are missing")?;
    Ok([begin.parse()?, end.parse()?])
}

fn lackey(threads: usize, trace: &str) -> Result<Command, Box<dyn Error>> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=lackey", "--basic-counts=no", trace])
        .arg(env::current_exe()?)
        .arg(threads.to_string());
    Ok(command)
}

/// Reads a line like ` S 1ffeffe7e0,8`: a load, a store, or a modification. Fetched instructions
/// are left out.
fn access(text: &str) -> Option<(Access, u64)> {
    let is_write = match text.get(..3)? {
        " L " => false,
        " S " | " M " => true,
        _ => return None,
    };
    let (address, _) = text[3..].split_once(',')?;
    let address = u64::from_str_radix(address, 16).ok()?;
    Some((Access::new(address, is_write), address))
}
