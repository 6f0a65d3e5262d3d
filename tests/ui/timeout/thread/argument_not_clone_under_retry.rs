use resilience::timeout;

use resilience::retry;

struct Job(u32);

#[retry]
#[timeout(5s)]
fn run(job: Job) -> Result<u32, std::io::Error> {
    Ok(job.0)
}

fn main() {
    let _ = run(Job(1));
}
