//! The spans as the tree that a person wants to see.

use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, Status, status::StatusCode};

/// A span, and the spans that lie in it in the order of their start.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) children: Vec<Node>,
}

/// The trees of all spans without a parent.
pub(crate) fn of(spans: &[Span]) -> Vec<Node> {
    below(&[], spans)
}

fn below(parent: &[u8], spans: &[Span]) -> Vec<Node> {
    let inside = spans.iter().filter(|span| span.parent_span_id == parent);
    let mut nodes: Vec<_> = inside
        .map(|span| Node {
            span: span.clone(),
            children: below(&span.span_id, spans),
        })
        .collect();
    nodes.sort_by_key(|node| node.span.start_time_unix_nano);
    nodes
}

impl Node {
    pub(crate) fn status(&self) -> StatusCode {
        let status = self.span.status.as_ref();
        status.map_or(StatusCode::Unset, Status::code)
    }

    /// The value of an attribute as a text.
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        let mut attributes = self.span.attributes.iter();
        let found = attributes.find(|attribute| attribute.key == key)?;
        match found.value.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => Some(text.clone()),
            Value::IntValue(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Prints the span, its events and the spans in it.
    pub(crate) fn print(&self) {
        println!("  {}", self.line());
        self.print_inside("  ");
    }

    fn print_inside(&self, margin: &str) {
        let bar = if self.children.is_empty() { " " } else { "│" };
        for event in &self.span.events {
            println!("{margin}{bar}    · {}", event.name);
        }
        for (at, child) in self.children.iter().enumerate() {
            let is_last = at + 1 == self.children.len();
            let (branch, below) = if is_last {
                ("└─", "  ")
            } else {
                ("├─", "│ ")
            };
            println!("{margin}{branch} {}", child.line());
            child.print_inside(&format!("{margin}{below}"));
        }
    }

    fn line(&self) -> String {
        let Span {
            name,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            ..
        } = &self.span;
        let number = self.attribute("attempt").unwrap_or_default();
        let label = format!("{name} {number}");
        let took = format!("{:.1?}", Duration::from_nanos(end - start));
        let status = match self.status() {
            StatusCode::Unset => "",
            StatusCode::Ok => "OK",
            StatusCode::Error => "ERROR",
        };
        let error = self.attribute("error.type").unwrap_or_default();
        format!("{label:<10} {took:>7}  {status} {error}")
    }
}
