use resilience::retry;

#[retry]
fn same<T>(value: &T) -> T
where
    T: Clone,
{
    value.clone()
}

fn main() {
    let _ = same(&3);
}
