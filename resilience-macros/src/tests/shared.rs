//! The rules that the runtime's configuration file shares with the attributes.

use std::fs;
use std::path::Path;

const FILES: [&str; 3] = ["duration.rs", "nearest.rs", "rules.rs"];

#[test]
fn the_runtime_has_the_same_rules_in_the_same_words() {
    let macros = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/language/shared");
    let runtime =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../resilience-runtime/src/file/shared");
    for file in FILES {
        let ours = fs::read_to_string(macros.join(file)).expect(file);
        if std::env::var_os("BLESS").is_some() {
            fs::write(runtime.join(file), &ours).expect(file);
        }
        let copy = fs::read_to_string(runtime.join(file)).unwrap_or_default();
        assert!(
            ours == copy,
            "resilience-runtime/src/file/shared/{file} differs: run with BLESS=1 to copy it"
        );
    }
}
