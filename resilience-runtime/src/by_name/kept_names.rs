//! Computed names whose text lives as long as the process.
//!
//! A refusal carries a name. It carries a text that lives for ever as the address of the text. Any
//! other text has a reference count, which all threads that are refused write: a refusal on two
//! threads took 55 ns by the count, and takes 8 by the address.

use std::sync::{Mutex, PoisonError};

use super::NameTable;

/// The texts of the first computed names. They are bounded, because a program may compute names
/// without an end.
#[derive(Debug)]
struct KeptNames(NameTable<()>);

/// The number of names that are kept. A program that computes more of them probably never stops.
const MOST_NAMES: usize = 1_024;

/// A name above this length in bytes is not kept.
const LONGEST_NAME: usize = 128;

impl KeptNames {
    /// The kept text of this name. `None` for a long name, and for a new one beyond the bound.
    fn keep(&mut self, name: &str) -> Option<&'static str> {
        if let Some((kept, ())) = self.0.get_key_value(name) {
            return Some(kept);
        }
        if name.len() > LONGEST_NAME || self.0.iter().count() >= MOST_NAMES {
            return None;
        }
        let kept: &'static str = Box::leak(name.into());
        self.0.get_or_insert_with(kept, || ());
        Some(kept)
    }
}

/// The text of this name that lives as long as the process, if it is one of the first computed
/// names.
pub(super) fn keep(name: &str) -> Option<&'static str> {
    static KEPT: Mutex<KeptNames> = Mutex::new(KeptNames(NameTable::new()));
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.keep(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The tables are static, because the texts of another one would be leaks.

    #[test]
    fn a_name_is_kept_once() {
        static NAMES: Mutex<KeptNames> = Mutex::new(KeptNames(NameTable::new()));
        let mut names = NAMES.lock().unwrap();
        let kept = names.keep(&String::from("jira-1")).expect("the first one");
        assert_eq!(kept, "jira-1");
        assert!(std::ptr::eq(kept, names.keep("jira-1").expect("kept")));
    }

    #[test]
    fn names_without_an_end_take_bounded_memory() {
        static NAMES: Mutex<KeptNames> = Mutex::new(KeptNames(NameTable::new()));
        let mut names = NAMES.lock().unwrap();
        for number in 0..MOST_NAMES {
            assert!(names.keep(&format!("jira-{number}")).is_some());
        }
        assert_eq!(names.keep("one more"), None);
        assert_eq!(names.keep("jira-7"), Some("jira-7"));
    }

    #[test]
    fn a_long_name_is_not_kept() {
        static NAMES: Mutex<KeptNames> = Mutex::new(KeptNames(NameTable::new()));
        let mut names = NAMES.lock().unwrap();
        assert_eq!(names.keep(&"j".repeat(LONGEST_NAME + 1)), None);
        assert!(names.keep(&"j".repeat(LONGEST_NAME)).is_some());
    }
}
