//! Comments that are wider than 100 columns. rustfmt leaves them as they are.

const COLUMNS: usize = 100;

/// The lines of a file with a comment that is too wide and can be wrapped. Code in fences, tables
/// and a word or code span without a space cannot.
pub(crate) fn lines(text: &str) -> Vec<usize> {
    let mut in_fence = false;
    let mut wide = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let Some(comment) = comment(line) else {
            in_fence = false;
            continue;
        };
        if comment.starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence && line.chars().count() > COLUMNS && can_be_wrapped(line, comment) {
            wide.push(at + 1);
        }
    }
    wide
}

/// The text of a line that has a comment and nothing else.
fn comment(line: &str) -> Option<&str> {
    let comment = line.trim_start().strip_prefix("//")?;
    Some(comment.trim_start_matches(['/', '!']).trim_start())
}

/// True if a space, outside of a code span, stands behind the first word and before the last
/// column.
fn can_be_wrapped(line: &str, comment: &str) -> bool {
    if comment.starts_with('|') {
        return false;
    }
    let first_column = line.chars().count() - comment.chars().count();
    let words = comment.trim_start_matches(['-', '*', ' ']);
    let skipped = comment.chars().count() - words.chars().count();
    let mut in_code = false;
    words.chars().enumerate().any(|(at, character)| {
        in_code ^= character == '`';
        character == ' ' && !in_code && first_column + skipped + at <= COLUMNS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(text: &str) -> String {
        format!("/// A {}", text.repeat(12))
    }

    #[test]
    fn prose_is_wide_and_what_cannot_be_wrapped_is_not() {
        let words = repeated("sentence ");
        let span = format!("/// - `{}`", "code and ".repeat(12));
        let row = format!("/// | {}|", "cell | ".repeat(20));
        let fence = format!("/// ```\n{words}\n/// ```\nfn f() {{}}");
        assert_eq!(lines(&format!("\n    {words}\n")), [2]);
        for text in [span, row, fence] {
            assert_eq!(lines(&text), [0; 0], "{text}");
        }
        assert_eq!(lines("/// A sentence.\nlet wide = 1;"), [0; 0]);
    }
}
