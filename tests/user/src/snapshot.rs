//! The snapshot of feature `serde`.

use resilience::registry;

pub(crate) fn run() {
    let json = serde_json::to_value(registry::snapshot()).expect("JSON");
    assert_eq!(json["schema"], 1);
    let circuits = json["circuits"].as_array().expect("a list");
    assert!(
        circuits
            .iter()
            .any(|circuit| circuit["name"] == "stack" && circuit["state"] == "open")
    );
    let operations = json["operations"].as_array().expect("a list");
    assert!(
        operations
            .iter()
            .any(|operation| operation["name"] == "user.wait" && operation["timeouts"] == 1)
    );
}
