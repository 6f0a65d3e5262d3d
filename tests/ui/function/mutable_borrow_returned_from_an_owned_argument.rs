use resilience::retry;

struct Slots<'a>(&'a mut [u32]);

#[retry]
fn first<'a>(slots: Slots<'a>) -> Result<&'a mut u32, std::io::Error> {
    Ok(&mut slots.0[0])
}

fn main() {
    let _ = first(Slots(&mut []));
}
