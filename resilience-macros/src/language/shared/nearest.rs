//! The name that was probably meant by a misspelt one.

/// Returns the element that was probably meant by `typed`.
pub(crate) fn nearest<'t, T>(
    typed: &str,
    all: &'t [T],
    name: impl Fn(&T) -> &str,
) -> Option<&'t T> {
    let is_start = |one: &&T| typed.len() >= 3 && name(one).starts_with(typed);
    if let Some(started) = all.iter().find(is_start) {
        return Some(started);
    }
    let distance = |one: &&T| edit_distance(typed, name(one));
    all.iter()
        .min_by_key(distance)
        .filter(|one| distance(one) <= name(one).len() / 3)
}

/// Levenshtein's distance.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(&b) {
            let substituted = diagonal + usize::from(left != *right);
            diagonal = *cell;
            *cell = substituted.min(diagonal + 1).min(before + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_misspelt_or_unfinished_name_is_found_and_another_word_is_not() {
        let names = ["max_retries", "max_delay", "jitter"];
        for (typed, meant) in [
            ("max_retires", Some("max_retries")),
            ("jit", Some("jitter")),
            ("max_dellay", Some("max_delay")),
            ("colour", None),
        ] {
            let found = nearest(typed, &names, |name| name);
            assert_eq!(found.copied(), meant, "{typed}");
        }
    }
}
