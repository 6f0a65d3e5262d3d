//! The commands of Chromium's driver beyond the standard.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A command of the driver: the end of its address, and its parameters.
#[derive(Debug)]
pub(crate) struct ChromeCommand {
    path: &'static str,
    parameters: Value,
}

impl ChromeCommand {
    /// A command of the protocol of Chromium's developer tools.
    pub(crate) fn developer_tools(command: &str, parameters: &Value) -> Self {
        Self {
            path: "goog/cdp/execute",
            parameters: json!({ "cmd": command, "params": parameters }),
        }
    }

    /// The entries of a log since it was read last.
    pub(crate) fn log(kind: &str) -> Self {
        Self {
            path: "se/log",
            parameters: json!({ "type": kind }),
        }
    }
}

impl WebDriverCompatibleCommand for ChromeCommand {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        let session = session_id.unwrap_or_default();
        base_url.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.parameters.to_string()))
    }
}
