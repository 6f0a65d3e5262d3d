//! The page: HTML, style and script in one file.

use axum::{
    body::Bytes,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use crate::answer;

const HTML: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// The policy names the hashes of the style and of the script, so that a browser runs nothing
/// else. `BLESS=1 cargo test -p resilience-dashboard` writes it anew.
const POLICY: &str = include_str!("page/content-security-policy.txt");

/// The page of a router.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    text: Bytes,
}

impl Page {
    /// Makes the page, which tells its script whether there are commands.
    pub(crate) fn new(is_controlled: bool) -> Self {
        let access = if is_controlled {
            "controlled"
        } else {
            "read-only"
        };
        let text = HTML
            .replacen("{{access}}", access, 1)
            .replacen("{{style}}", &compact_style(), 1)
            .replacen("{{script}}", &compact_script(), 1);
        Self { text: text.into() }
    }

    pub(crate) fn answer(&self) -> Response {
        let html = "text/html; charset=utf-8";
        let mut answer = answer::with_type(StatusCode::OK, html, self.text.clone());
        let policy = HeaderValue::from_static(POLICY.trim_ascii_end());
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        answer
    }
}

/// The script without indentation, lines of comments, line breaks behind a punctuation mark that
/// cannot end a statement by itself, and spaces around operators. No text of the script has one of
/// these operators between spaces.
fn compact_script() -> String {
    const SHORTER: [(&str, &str); 6] = [
        (" => ", "=>"),
        (" === ", "==="),
        (" !== ", "!=="),
        (" && ", "&&"),
        (" || ", "||"),
        (" = ", "="),
    ];
    let lines = SCRIPT.lines().map(str::trim_start);
    let kept = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    let ends = kept.map(|line| {
        let end = if line.ends_with(['{', '(', '[', ',', ';']) {
            ""
        } else {
            "\n"
        };
        [line, end]
    });
    shortened(ends.flatten().collect(), &SHORTER)
}

/// The style without the spaces that mean nothing. No text of the style has one of these pairs.
fn compact_style() -> String {
    const SHORTER: [(&str, &str); 6] = [
        (" {", "{"),
        ("{ ", "{"),
        ("; }", "}"),
        (": ", ":"),
        ("; ", ";"),
        (", ", ","),
    ];
    let text: String = STYLE.lines().map(str::trim_start).collect();
    shortened(text, &SHORTER)
}

fn shortened(text: String, shorter: &[(&str, &str)]) -> String {
    let pairs = shorter.iter();
    pairs.fold(text, |text, (long, short)| text.replace(long, short))
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    use super::*;

    fn hash(text: &str) -> String {
        format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
    }

    #[test]
    fn the_policy_allows_the_script_and_the_style_of_the_page_and_nothing_else() {
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'\n",
            hash(&compact_script()),
            hash(&compact_style())
        );
        if env::var_os("BLESS").is_some() {
            let path = "src/page/content-security-policy.txt";
            fs::write(path, &policy).expect("the policy is written");
        }
        assert_eq!(
            POLICY, policy,
            "`BLESS=1` writes the policy; run it twice, because it is compiled in"
        );
    }

    #[test]
    fn the_page_has_at_most_40_kb_and_no_external_assets() {
        let page = Page::new(true);
        let text = std::str::from_utf8(&page.text).expect("UTF-8");
        assert!(text.len() <= 40_000, "{} bytes", text.len());
        assert!(!text.contains("{{"), "each place is filled in");
        assert!(text.contains("data-access=\"controlled\""));
        for attribute in [
            "src=",
            "@import",
            "url(",
            "href=\"http",
            "<link rel=\"stylesheet",
        ] {
            assert!(!text.contains(attribute), "{attribute}");
        }
    }

    #[test]
    fn texts_reach_the_page_as_texts_only() {
        let ways = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
        ];
        for way in ways {
            assert!(!SCRIPT.contains(way), "{way}");
        }
    }
}
