use resilience::retry;

struct Answer;

#[retry]
async fn fetch() -> Answer {
    Answer
}

fn main() {
    let _ = fetch();
}
