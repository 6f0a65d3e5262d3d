use resilience::timeout;

struct Query<'a>(&'a str);

#[timeout(5s)]
fn run(query: Query<'_>) -> Result<usize, std::io::Error> {
    Ok(query.0.len())
}

fn main() {
    let _ = run(Query("select 1"));
}
