//! The name of a circuit in the store.

use std::{fmt, sync::Arc};

/// A circuit of the fleet: its name, and its key if the name has a circuit for each key.
///
/// Its text is the name in the store: letters, digits, `_`, `-` and `.` stand for themselves, and
/// each other byte is `%` and two digits. A long name or key is cut, and a hash of the whole stands
/// behind it.
///
/// ```
/// use resilience_fleet::CircuitId;
///
/// assert_eq!(CircuitId::new("jira", None).to_string(), "jira");
/// assert_eq!(CircuitId::new("hosts", Some("a.example:80")).to_string(), "hosts:a.example%3A80");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CircuitId {
    name: Arc<str>,
    key: Option<Arc<str>>,
}

/// The bytes of a name or a key that stand in the store at most, before they are escaped.
const LONGEST: usize = 128;

impl CircuitId {
    /// The circuit of that name and key.
    pub fn new(name: &str, key: Option<&str>) -> Self {
        Self {
            name: name.into(),
            key: key.map(Arc::from),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// A number of 64 bits that stands for the circuit in the list of a replica.
    pub(crate) fn hash(&self) -> u64 {
        hash(self.to_string().as_bytes())
    }
}

impl From<&str> for CircuitId {
    /// The circuit of that name, or all circuits of a name with keys.
    fn from(name: &str) -> Self {
        Self::new(name, None)
    }
}

impl fmt::Display for CircuitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, &self.name)?;
        if let Some(key) = &self.key {
            f.write_str(":")?;
            write_escaped(f, key)?;
        }
        Ok(())
    }
}

impl fmt::Debug for CircuitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CircuitId({self})")
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let bytes = text.as_bytes();
    for byte in bytes.iter().take(LONGEST) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => {
                write!(f, "{}", char::from(*byte))?;
            }
            _ => write!(f, "%{byte:02X}")?,
        }
    }
    if bytes.len() > LONGEST {
        write!(f, "~{:016x}", hash(bytes))?;
    }
    Ok(())
}

/// FNV-1a of 64 bits. It is the same in each process and each version, and std's hashes are not.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_text_breaks_out_of_its_key() {
        for name in ["{a}", "a}b", "*", "?[x]", "a:b", "a b\n", "ä", "%41", ""] {
            let text = CircuitId::new(name, Some(name)).to_string();
            assert!(
                text.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-.%:~".contains(&byte)),
                "{text}"
            );
            assert_eq!(text.matches(':').count(), 1, "{text}");
        }
    }

    #[test]
    fn different_circuits_have_different_texts() {
        let long = "x".repeat(LONGEST);
        let (longer, other) = (format!("{long}a"), format!("{long}b"));
        let names = [
            ("a", None),
            ("a", Some("")),
            ("a", Some("b")),
            ("a:b", None),
            ("a%3Ab", None),
            (&*long, None),
            (&*longer, None),
            (&*other, None),
        ];
        let texts: BTreeSet<_> = names
            .iter()
            .map(|(name, key)| CircuitId::new(name, *key).to_string())
            .collect();
        assert_eq!(texts.len(), names.len());
        assert!(texts.iter().all(|text| text.len() < 3 * LONGEST));
    }
}
