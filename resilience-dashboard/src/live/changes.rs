//! The differences between two snapshots in JSON.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// A snapshot, by section.
pub(super) type Sections = Map<String, Value>;

/// Fields that change with the time alone. They are sent with another change of their element.
const CLOCKS: [&str; 2] = ["time_in_state", "retry_after"];

/// The field that says when a snapshot was taken, which is no section.
const AT: &str = "at";

/// The changes from one snapshot to the next one. `None` if nothing changed but the time.
pub(super) fn between(before: &Sections, now: &Sections) -> Option<Value> {
    let mut changed = Map::new();
    let mut removed = Map::new();
    let mut replaced = Map::new();
    for (section, value) in now.iter().filter(|(section, _)| *section != AT) {
        let old = before.get(section).unwrap_or(&Value::Null);
        if let Some((old, new)) = by_name(old).zip(by_name(value)) {
            let elements = changed_elements(&old, value);
            if !elements.is_empty() {
                changed.insert(section.clone(), elements.into());
            }
            let gone = old.into_iter().filter(|(id, _)| !new.contains_key(id));
            let gone: Vec<_> = gone.map(|(id, _)| id.as_json()).collect();
            if !gone.is_empty() {
                removed.insert(section.clone(), gone.into());
            }
        } else if old != value {
            replaced.insert(section.clone(), value.clone());
        }
    }
    let is_same = changed.is_empty() && removed.is_empty() && replaced.is_empty();
    (!is_same).then(|| {
        json!({ "at": now.get(AT), "changed": changed, "removed": removed, "replaced": replaced })
    })
}

/// The identity of an element in its list.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Id<'a> {
    name: &'a str,
    key: Option<&'a str>,
}

impl<'a> Id<'a> {
    fn of(element: &'a Value) -> Option<Self> {
        Some(Self {
            name: element.get("name")?.as_str()?,
            key: element.get("key").and_then(Value::as_str),
        })
    }

    fn as_json(self) -> Value {
        json!({ "name": self.name, "key": self.key })
    }
}

/// The elements of a list by their identities. `None` if it is no list of things with names, or
/// if two have the same one.
fn by_name(list: &Value) -> Option<HashMap<Id<'_>, &Value>> {
    let list = list.as_array()?;
    let mut elements = HashMap::with_capacity(list.len());
    for element in list {
        elements.insert(Id::of(element)?, element);
    }
    (elements.len() == list.len()).then_some(elements)
}

/// The elements that are new, whole, and the changed fields of those that changed.
fn changed_elements(old: &HashMap<Id<'_>, &Value>, new: &Value) -> Vec<Value> {
    let elements = new.as_array().into_iter().flatten();
    let changed =
        elements.filter_map(
            |element| match Id::of(element).and_then(|id| old.get(&id)) {
                Some(before) => changed_fields(before, element),
                None => Some(element.clone()),
            },
        );
    changed.collect()
}

fn changed_fields(before: &Value, now: &Value) -> Option<Value> {
    let (before, now) = (before.as_object()?, now.as_object()?);
    let differs = |field: &str, value: &Value| {
        let old = before.get(field).unwrap_or(&Value::Null);
        if CLOCKS.contains(&field) {
            old.is_null() != value.is_null()
        } else {
            old != value
        }
    };
    if !now.iter().any(|(field, value)| differs(field, value)) {
        return None;
    }
    let sent = now.iter().filter(|(field, value)| {
        let is_always_sent =
            matches!(field.as_str(), "name" | "key") || CLOCKS.contains(&field.as_str());
        is_always_sent || differs(field, value)
    });
    let sent: Map<_, _> = sent
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect();
    Some(sent.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(json: Value) -> Sections {
        match json {
            Value::Object(sections) => sections,
            other => panic!("{other} is no snapshot"),
        }
    }

    fn changes(before: Value, now: Value) -> Option<Value> {
        between(&sections(before), &sections(now))
    }

    #[test]
    fn time_alone_is_no_change() {
        let at = |seconds: u32, rest: f64| {
            json!({
                "at": format!("2026-11-26T21:00:{seconds}Z"),
                "circuits": [{ "name": "jira", "state": "open", "time_in_state": seconds, "retry_after": rest }],
                "workers": { "live": 3 },
            })
        };
        assert_eq!(changes(at(10, 20.0), at(11, 19.0)), None);
    }

    #[test]
    fn only_the_changed_fields_are_sent_with_the_clocks() {
        let circuit = |state: &str, time: u32, successes: u32| {
            json!({ "at": time, "circuits": [
                { "name": "a", "state": "closed", "time_in_state": time, "successes": 1 },
                { "name": "jira", "state": state, "time_in_state": time, "successes": successes },
            ] })
        };
        let expected = json!({
            "at": 5,
            "changed": { "circuits": [{ "name": "jira", "successes": 8, "time_in_state": 5 }] },
            "removed": {},
            "replaced": {},
        });
        assert_eq!(
            changes(circuit("closed", 4, 7), circuit("closed", 5, 8)),
            Some(expected)
        );
    }

    #[test]
    fn an_open_circuit_that_probes_is_a_change_also_without_another_field() {
        let circuit = |retry_after: Value| json!({ "circuits": [{ "name": "jira", "retry_after": retry_after }] });
        assert_eq!(changes(circuit(json!(3.0)), circuit(json!(2.0))), None);
        let changes = changes(circuit(json!(3.0)), circuit(Value::Null)).expect("a change");
        assert_eq!(
            changes["changed"]["circuits"],
            json!([{ "name": "jira", "retry_after": null }])
        );
    }

    #[test]
    fn new_elements_come_whole_and_those_that_are_gone_are_named() {
        let before = json!({ "circuits": [{ "name": "old", "key": null, "state": "open" }] });
        let now = json!({ "circuits": [{ "name": "new", "key": null, "state": "closed" }] });
        let changes = changes(before, now.clone()).expect("a change");
        assert_eq!(changes["changed"]["circuits"], now["circuits"]);
        assert_eq!(
            changes["removed"]["circuits"],
            json!([{ "name": "old", "key": null }])
        );
    }

    #[test]
    fn sections_that_are_no_lists_of_names_are_replaced() {
        let before = json!({ "workers": { "live": 1 }, "config": ["a"], "twice": [{ "name": "x" }, { "name": "x" }] });
        let now = json!({ "workers": { "live": 2 }, "config": ["b"], "twice": [{ "name": "x" }, { "name": "y" }] });
        let changes = changes(before, now.clone()).expect("a change");
        assert_eq!(changes["replaced"], now);
        assert_eq!(changes["changed"], json!({}));
    }

    #[test]
    fn a_section_that_comes_later_is_replaced_whole() {
        let changes =
            changes(json!({}), json!({ "bulkheads": [{ "name": "db" }] })).expect("a change");
        assert_eq!(
            changes["replaced"],
            json!({ "bulkheads": [{ "name": "db" }] })
        );
    }
}
