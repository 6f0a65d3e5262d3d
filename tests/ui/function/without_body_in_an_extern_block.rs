use resilience::retry;

unsafe extern "C" {
    #[retry]
    fn abs(number: i32) -> i32;
}

fn main() {
    let _ = unsafe { abs(-3) };
}
