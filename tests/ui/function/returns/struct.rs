use resilience::retry;

struct Answer;

#[retry]
fn fetch() -> Answer {
    Answer
}

fn main() {
    let _: Answer = fetch();
}
