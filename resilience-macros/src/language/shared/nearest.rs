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

/// The number of letters that are missing, too many, others or swapped with their neighbour.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let at = |up: usize, back: usize| -> Option<usize> {
                let row = rows.get((i + 1).checked_sub(up)?)?;
                row.get((j + 1).checked_sub(back)?).copied()
            };
            let is_swapped =
                i > 0 && j > 0 && a.get(i - 1) == Some(right) && b.get(j - 1) == Some(left);
            let ways = [
                at(1, 1).map(|before| before + usize::from(left != right)),
                at(1, 0).map(|before| before + 1),
                row.last().map(|before| before + 1),
                at(2, 2).filter(|_| is_swapped).map(|before| before + 1),
            ];
            row.push(ways.into_iter().flatten().min().unwrap_or_default());
        }
        rows.push(row);
    }
    let last = rows.last().and_then(|row| row.last());
    last.copied().unwrap_or_default()
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
            ("ijtter", Some("jitter")),
            ("colour", None),
        ] {
            let found = nearest(typed, &names, |name| name);
            assert_eq!(found.copied(), meant, "{typed}");
        }
    }
}
