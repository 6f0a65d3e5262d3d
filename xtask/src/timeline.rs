//! Draws the output of the quickstart as a picture for the README:
//! `cargo run -p quickstart | cargo run -q -p xtask -- timeline > docs/quickstart.svg`.
//!
//! The picture has three lanes above one axis of time: the health of the service, the calls with
//! their waits, and the state of the circuit. All of it is read from the lines of the output, so
//! the picture shows a real run.

use std::fmt::Write;
use std::io::{self, Read};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 16.0;
const LANE: f64 = 22.0;
/// The height of a row of labels.
const ROW: f64 = 17.0;

const GREEN: &str = "#2f9e44";
const AMBER: &str = "#e8890c";
const RED: &str = "#d6336c";
const GREY: &str = "#868e96";

/// A part of a lane.
#[derive(Clone, Debug, PartialEq)]
struct Span {
    from: f64,
    to: f64,
    colour: &'static str,
    label: String,
}

/// The three lanes, and the waits between attempts.
#[derive(Debug, Default, PartialEq)]
struct Story {
    service: Vec<Span>,
    calls: Vec<Span>,
    waits: Vec<Span>,
    circuit: Vec<Span>,
    end: f64,
}

/// Reads the standard input and prints the picture. Returns false if the input is no timeline.
pub(crate) fn report() -> bool {
    let mut text = String::new();
    if let Err(error) = io::stdin().read_to_string(&mut text) {
        eprintln!("the output of the quickstart cannot be read: {error}");
        return false;
    }
    let story = Story::read(&text);
    if story.service.is_empty() || story.calls.is_empty() || story.circuit.is_empty() {
        eprintln!("the input is not the output of the quickstart");
        return false;
    }
    print!("{}", story.picture());
    true
}

impl Story {
    fn read(text: &str) -> Self {
        let mut story = Self::default();
        let mut chapter = None;
        for line in text.lines() {
            if line.starts_with("Statistics") {
                break;
            }
            let Some((at, who, what)) = event(line) else {
                chapter = chapter_of(line).or(chapter);
                continue;
            };
            let begin = match duration(what) {
                Some(took) if who.starts_with("call") => (at - took).max(0.0),
                _ => at,
            };
            if let Some(label) = chapter.take() {
                begin_span(&mut story.service, begin, service_colour(&label), label);
            }
            story.service_changed_by(begin);
            story.add(at, begin, who, what);
            story.end = at;
        }
        story.end += 0.3;
        for lane in [&mut story.service, &mut story.circuit] {
            if let Some(last) = lane.last_mut() {
                last.to = story.end;
            }
        }
        story
    }

    /// Moves the latest change of the service to the begin of the first call after it. The output
    /// tells of a call when it ends, and before that of its retries.
    fn service_changed_by(&mut self, begin: f64) {
        if let Some(last) = self.service.last_mut() {
            last.from = last.from.min(begin);
        }
        if let [.., before, last] = &mut self.service[..] {
            before.to = last.from;
        }
    }

    fn add(&mut self, at: f64, begin: f64, who: &str, what: &str) {
        if self.circuit.is_empty() {
            begin_span(&mut self.circuit, 0.0, GREEN, "closed".to_owned());
        }
        if who.starts_with("call") {
            let (colour, label) = match what {
                _ if what.starts_with("ok") => (GREEN, "ok"),
                _ if what.contains("is open") => (GREY, "refused"),
                _ => (RED, "failed"),
            };
            let label = label.to_owned();
            self.calls.push(Span {
                from: begin,
                to: at,
                colour,
                label,
            });
        } else if who.starts_with("retry") {
            let to = at + duration(what).unwrap_or_default();
            let label = String::new();
            self.waits.push(Span {
                from: at,
                to,
                colour: AMBER,
                label,
            });
        } else if let Some((_, state)) = what.split_once(" -> ") {
            let state = state.split(',').next().unwrap_or(state);
            let colour = match state {
                "closed" => GREEN,
                "open" => RED,
                _ => AMBER,
            };
            begin_span(&mut self.circuit, at, colour, state.replace('_', "-"));
        }
    }

    fn picture(&self) -> String {
        let mut body = String::new();
        let mut y = 12.0;
        for (name, spans) in [
            ("service", &self.service),
            ("calls", &self.calls),
            ("circuit", &self.circuit),
        ] {
            let rows = rows(spans, self.end);
            let most = rows.iter().copied().max().unwrap_or_default();
            for (span, row) in spans.iter().zip(rows) {
                self.label(&mut body, span, y + ROW * f64::from(row));
            }
            y += ROW * f64::from(most + 1) + 4.0;
            write_text(&mut body, 8.0, y + LANE * 0.7, name, "#495057");
            for span in spans {
                self.bar(&mut body, span, y, LANE);
            }
            if name == "calls" {
                for wait in &self.waits {
                    self.bar(&mut body, wait, y + LANE + 2.0, 5.0);
                }
                y += 7.0;
            }
            y += LANE + 12.0;
        }
        self.axis(&mut body, y);
        let height = y + 44.0;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" \
             font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#ffffff\" stroke=\"#dee2e6\"/>\n{body}</svg>\n"
        )
    }

    fn x(&self, at: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * at / self.end
    }

    fn bar(&self, body: &mut String, span: &Span, y: f64, height: f64) {
        let (x, colour) = (self.x(span.from), span.colour);
        let width = (self.x(span.to) - x).max(3.0);
        let _ = writeln!(
            body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\" fill-opacity=\"0.85\" stroke=\"#ffffff\"/>"
        );
    }

    fn label(&self, body: &mut String, span: &Span, y: f64) {
        write_text(body, self.x(span.from), y + 12.0, &span.label, span.colour);
    }

    fn axis(&self, body: &mut String, y: f64) {
        let mut second = 0.0;
        while second <= self.end {
            let x = self.x(second);
            let _ = writeln!(
                body,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{y:.1}\" y2=\"{:.1}\" stroke=\"#adb5bd\"/>",
                y + 5.0
            );
            write_text(body, x - 4.0, y + 18.0, &format!("{second} s"), GREY);
            second += 1.0;
        }
        write_text(
            body,
            LEFT,
            y + 36.0,
            "a thin bar below a call is a wait before a retry",
            AMBER,
        );
    }
}

/// Ends the span before, if there is one, and begins another.
fn begin_span(lane: &mut Vec<Span>, from: f64, colour: &'static str, label: String) {
    if let Some(last) = lane.last_mut() {
        last.to = from;
    }
    lane.push(Span {
        from,
        to: from,
        colour,
        label,
    });
}

/// Returns the row of each label: the first one in which no label before it is in the way.
fn rows(spans: &[Span], end: f64) -> Vec<u8> {
    let seconds_per_letter = 7.4 * end / (WIDTH - LEFT - RIGHT);
    let mut ends: Vec<f64> = Vec::new();
    let row = |span: &Span| {
        let letters = u32::try_from(span.label.chars().count() + 1).unwrap_or(u32::MAX);
        let to = span.from + seconds_per_letter * f64::from(letters);
        let row = ends.iter().position(|&taken| taken <= span.from);
        let row = row.unwrap_or_else(|| {
            ends.push(0.0);
            ends.len() - 1
        });
        ends[row] = to;
        u8::try_from(row).unwrap_or(u8::MAX)
    };
    spans.iter().map(row).collect()
}

/// Splits `   0.31s  retry 1    in 67 ms   …` into the seconds, the actor and the rest.
fn event(line: &str) -> Option<(f64, &str, &str)> {
    let (seconds, rest) = line.trim_start().split_once("s  ")?;
    let at = seconds.parse().ok()?;
    let (who, what) = rest.split_at_checked(9)?;
    Some((at, who.trim(), what.trim()))
}

/// Reads the seconds of `ok         2 ms   …`.
fn duration(what: &str) -> Option<f64> {
    let (before, _) = what.split_once(" ms ")?;
    let milliseconds: f64 = before.rsplit(' ').next()?.parse().ok()?;
    Some(milliseconds / 1000.0)
}

/// Reads the health out of `The service is fine.`
fn chapter_of(line: &str) -> Option<String> {
    let health = line.strip_prefix("The service ")?.trim_end_matches('.');
    Some(health.strip_prefix("is ").unwrap_or(health).to_owned())
}

fn service_colour(health: &str) -> &'static str {
    match health {
        "fine" => GREEN,
        "down" | "hangs" => RED,
        _ => AMBER,
    }
}

fn write_text(body: &mut String, x: f64, y: f64, text: &str, colour: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        body,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{colour}\">{text}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
The service is fine.
   0.10s  call  1    ok       100 ms   1 EUR = 1.0871 USD

The service hangs.
   1.25s  retry 1    in        50 ms   `dollars_per` timed out after 1s
   2.25s  circuit    closed -> open, refuses for 3.0s
   2.25s  call  2    FAILED  2000 ms   `dollars_per` timed out after 1s
   2.40s  call  3    FAILED     0 ms   circuit `exchange_rates` is open, retry in 2.8s

Statistics of the circuit \"exchange_rates\", now open
    3  calls of the function
";

    fn span(from: f64, to: f64, colour: &'static str, label: &str) -> Span {
        let label = label.to_owned();
        Span {
            from,
            to,
            colour,
            label,
        }
    }

    #[test]
    fn the_lanes_are_read_from_the_lines() {
        let story = Story::read(OUTPUT);
        let end = story.end;
        assert!((end - 2.7).abs() < 1e-9);
        assert_eq!(
            story.service,
            [
                span(0.0, 0.25, GREEN, "fine"),
                span(0.25, end, RED, "hangs")
            ]
        );
        assert_eq!(
            story.circuit,
            [
                span(0.0, 2.25, GREEN, "closed"),
                span(2.25, end, RED, "open")
            ]
        );
        let calls: Vec<_> = story.calls.iter().map(|call| call.label.as_str()).collect();
        assert_eq!(calls, ["ok", "failed", "refused"]);
        assert_eq!(story.waits, [span(1.25, 1.3, AMBER, "")]);
    }

    #[test]
    fn labels_that_would_overlap_have_rows_of_their_own() {
        let spans = [
            span(0.0, 0.1, GREEN, "closed"),
            span(0.1, 5.0, RED, "open"),
            span(5.0, 9.0, GREEN, "closed"),
        ];
        assert_eq!(rows(&spans, 10.0), [0, 1, 0]);
    }
}
