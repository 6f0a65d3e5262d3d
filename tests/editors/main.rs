//! An editor is as helpful inside of an annotated function, and inside of the values of the
//! options, as it is elsewhere.
//!
//! rust-analyzer is asked as an editor asks it. A case is a function with `$0` where the cursor is.
//! It finds completions by comparing the expansion with the one of a name at the cursor, so that
//! the value of an option must be one without that name, too: there is nothing directly behind a
//! `.` or `::`, and something from the first letter on. The body has no such limit.
//! `.ci/run editors` installs the components `rust-analyzer` and `rust-src`, and runs this.

mod server;
mod service;

use serde_json::Value;

use self::server::Server;
use self::service::Service;

/// A function, and some of the completions at its cursor.
struct Completion {
    name: &'static str,
    function: &'static str,
    expected: &'static [&'static str],
}

const COMPLETIONS: &[Completion] = &[
    Completion {
        name: "the body of an async function",
        function: "#[retry(max_retries = 2)]\nasync fn f(client: &Client) -> Result<String, ApiError> { client.$0 }",
        expected: &["fetch_page", "name"],
    },
    Completion {
        name: "the body of a sync function that moves to a worker",
        function: "#[timeout(5s)]\nfn f(client: Client) -> Result<String, ApiError> { client.na$0 }",
        expected: &["name"],
    },
    Completion {
        name: "a half-typed statement inside of a stack",
        function: "#[retry]\n#[circuit_breaker(name = \"jira\")]\n#[timeout(5s)]\nasync fn f(client: &Client) -> Result<String, ApiError> {\n    let page = client.fetch_page(1).await?;\n    page.bo$0\n}",
        expected: &["body"],
    },
    Completion {
        name: "a method",
        function: "impl Client {\n    #[circuit_breaker(name = \"jira\")]\n    async fn f(&self) -> Result<String, ApiError> { self.$0 }\n}",
        expected: &["fetch_page", "name"],
    },
    Completion {
        name: "a pattern",
        function: "#[retry(retry_on(ApiError::Bu$0))]\nasync fn f() -> Result<String, ApiError> { todo!() }",
        expected: &["Busy"],
    },
    Completion {
        name: "a closure",
        function: "#[retry(retry_if = |error: &ApiError| error.is$0)]\nasync fn f() -> Result<String, ApiError> { todo!() }",
        expected: &["is_transient"],
    },
    Completion {
        name: "a path",
        function: "#[retry(retry_if = ApiError::is_tr$0)]\nasync fn f() -> Result<String, ApiError> { todo!() }",
        expected: &["is_transient"],
    },
    Completion {
        name: "an argument in a value that each call computes",
        function: "#[timeout(client.l$0)]\nasync fn f(client: &Client) -> Result<String, ApiError> { todo!() }",
        expected: &["limit"],
    },
    Completion {
        name: "an error",
        function: "#[circuit_breaker(error = ApiError::C$0)]\nasync fn f() -> Result<String, ApiError> { todo!() }",
        expected: &["CircuitOpen"],
    },
];

/// A function, and a part of the text that the editor shows at its cursor.
struct Hover {
    name: &'static str,
    function: &'static str,
    expected: &'static str,
}

const HOVERS: &[Hover] = &[
    Hover {
        name: "a variable of the body",
        function: "#[retry]\n#[timeout(5s)]\nasync fn f(client: &Client) -> Result<String, ApiError> {\n    let pa$0ge = client.fetch_page(1).await?;\n    Ok(page.body)\n}",
        expected: "let page: Page",
    },
    Hover {
        name: "an argument",
        function: "#[circuit_breaker(name = \"jira\")]\nfn f(client: &Client) -> Result<String, ApiError> { Ok(cli$0ent.name()) }",
        expected: "client: &Client",
    },
    Hover {
        name: "a constant as a value",
        function: "#[timeout(LIM$0IT)]\nasync fn f() -> Result<String, ApiError> { todo!() }",
        expected: "const LIMIT: Duration",
    },
    Hover {
        name: "a function as a value",
        function: "#[retry(retry_if = ApiError::is_tran$0sient)]\nasync fn f() -> Result<String, ApiError> { todo!() }",
        expected: "True if another attempt may succeed.",
    },
    Hover {
        name: "a variant in a pattern",
        function: "#[retry(retry_on(ApiError::Bu$0sy))]\nasync fn f() -> Result<String, ApiError> { todo!() }",
        expected: "The service is busy.",
    },
    Hover {
        name: "the attribute",
        function: "#[ret$0ry]\nasync fn f() -> Result<String, ApiError> { todo!() }",
        expected: "Calls the function again when it fails",
    },
];

#[test]
fn an_editor_completes_and_explains_inside_of_annotated_functions() {
    let service = Service::new();
    let mut server = Server::start(service.folder());
    let mut faults = Vec::new();
    for case in COMPLETIONS {
        let (text, cursor) = Service::with(case.function);
        let answer = server.ask("textDocument/completion", &service.file(), &text, cursor);
        let labels = labels(&answer);
        for expected in case.expected {
            if !labels.iter().any(|label| label.starts_with(expected)) {
                faults.push(format!("{}: {expected} is not in {labels:?}", case.name));
            }
        }
    }
    for case in HOVERS {
        let (text, cursor) = Service::with(case.function);
        let answer = server.ask("textDocument/hover", &service.file(), &text, cursor);
        let shown = answer["contents"]["value"].as_str().unwrap_or_default();
        if !shown.contains(case.expected) {
            faults.push(format!(
                "{}: {} is not in {shown:?}",
                case.name, case.expected
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The texts of the completions. The answer is a list, or an object with one.
fn labels(answer: &Value) -> Vec<String> {
    let items = answer["items"].as_array().or_else(|| answer.as_array());
    let items = items.into_iter().flatten();
    items
        .filter_map(|item| Some(item["label"].as_str()?.trim().to_owned()))
        .collect()
}
