//! The programs that the migration pages of the guide start from. Each of them stands in a file
//! here and, letter by letter, on its page. The page has the program as it is afterwards, as a
//! doctest with the same requests.

mod backon_alone;
mod backon_and_failsafe;
mod peer;
mod tower_resilience;

/// Returns the program of a file: the lines between the two marks.
fn program(file: &str) -> &str {
    let (_, behind) = file.split_once("// The program\n").expect("a first mark");
    let (program, _) = behind
        .split_once("// End of the program\n")
        .expect("a second mark");
    program.trim()
}

#[track_caller]
fn assert_shown(page: &str, file: &str) {
    let program = program(file);
    assert!(page.contains(program), "the page does not show:\n{program}");
}

#[test]
fn the_pages_show_the_programs_that_are_run_here() {
    let backon = include_str!("../../../resilience-runtime/src/guide/from_backon.md");
    assert_shown(backon, include_str!("backon_alone.rs"));
    let failsafe = include_str!("../../../resilience-runtime/src/guide/from_failsafe.md");
    assert_shown(failsafe, include_str!("backon_and_failsafe.rs"));
    let tower = include_str!("../../../resilience-runtime/src/guide/from_tower_resilience.md");
    assert_shown(tower, include_str!("tower_resilience.rs"));
}
