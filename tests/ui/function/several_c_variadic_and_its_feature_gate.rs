use resilience::retry;

#[retry]
unsafe extern "C" fn log(level: u32, _: ...) -> Result<u32, std::io::Error> {
    Ok(level)
}

fn main() {
    let _ = unsafe { log(1) };
}
