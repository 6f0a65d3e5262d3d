//! The attributes in a crate of edition 2018.

#[path = "../../../every_attribute.rs"]
pub mod every_attribute;

/// Hands a borrow out for as long as the argument's type promises: a closure of this edition
/// captures whole variables.
///
/// # Errors
///
/// If there is nothing to keep.
#[resilience::circuit_breaker]
#[resilience::timeout(1s, mode = cooperative)]
#[resilience::rate_limit(1000, per = 1s)]
#[resilience::bulkhead(5, max_wait = 1s)]
pub fn keep<'buffer>(
    kept: &mut &'buffer mut [u8],
    buffer: &'buffer mut [u8],
) -> std::io::Result<()> {
    if buffer.is_empty() {
        return Err(std::io::Error::other("empty"));
    }
    *kept = buffer;
    Ok(())
}

#[test]
fn a_mutable_borrow_is_handed_out() {
    let (mut first, mut second) = ([0], [7]);
    let mut kept = &mut first[..];
    assert!(keep(&mut kept, &mut second).is_ok());
    assert_eq!(kept, [7]);
}
