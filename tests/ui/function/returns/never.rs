use resilience::retry;

#[retry]
fn run() -> ! {
    loop {}
}

fn main() {
    run();
}
