//! Each setting of an attribute is a key of the configuration file at once, because the keys are
//! written from the rows. The runtime must read it from the section, or the file would have a key
//! without effect.

use std::fs;
use std::path::Path;

use crate::language::table::{Kind, Role};
use crate::policy::family;

/// The texts of the runtime's files with the sections.
fn sections() -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../resilience-runtime/src");
    let folders = fs::read_dir(source).expect("a folder");
    let files = folders.map(|folder| folder.expect("readable").path().join("file.rs"));
    files
        .filter(|file| file.exists())
        .map(|file| fs::read_to_string(file).expect("readable"))
        .collect()
}

#[test]
fn the_runtime_reads_every_setting_from_the_file() {
    let sections = sections();
    let mut policies = 0;
    for table in family() {
        let keys = format!("file_keys!({})", table.name);
        let Some(section) = sections.iter().find(|text| text.contains(&keys)) else {
            continue;
        };
        policies += 1;
        // A text is no key, because no text is a setting that differs between two deployments.
        let is_key = |kind: Kind| !matches!(kind, Kind::Text { .. });
        let settings = table.options.iter();
        let settings = settings.filter(|spec| spec.role == Role::Setting && is_key(spec.kind));
        let missing: Vec<_> = settings
            .map(|spec| spec.name)
            .filter(|name| !section.contains(&format!("\"{name}\"")))
            .collect();
        assert!(
            missing.is_empty(),
            "file.rs of {table} reads no {missing:?}: add a field to its settings"
        );
    }
    assert!(policies >= 7, "{policies} policies have a section");
}
