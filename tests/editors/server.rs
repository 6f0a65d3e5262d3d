//! rust-analyzer, asked by the language server protocol.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::service::Position;

/// It builds the dependencies first, so the first answer takes long on a machine with other work.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// The file changed while the server looked at it, so the question is asked again.
const CONTENT_MODIFIED: i64 = -32_801;

pub(crate) struct Server {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    last_id: u64,
    version: u64,
}

impl Server {
    /// Starts the server on a crate, and waits until it has read everything.
    pub(crate) fn start(folder: &Path) -> Self {
        let mut process = Command::new("rust-analyzer")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`rustup component add rust-analyzer` installs it");
        let input = process.stdin.take().expect("piped");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let mut server = Self {
            process,
            input,
            messages: read_in_background(output),
            last_id: 0,
            version: 0,
        };
        server.initialize(folder);
        server
    }

    fn initialize(&mut self, folder: &Path) {
        let markdown = json!({ "contentFormat": ["markdown"] });
        self.request(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "rootUri": uri(folder),
                "capabilities": {
                    "textDocument": { "hover": markdown },
                    "experimental": { "serverStatusNotification": true },
                },
                "initializationOptions": {
                    "checkOnSave": false,
                    "cachePriming": { "enable": false },
                    "cargo": { "targetDir": true },
                },
            }),
        );
        self.send(&json!({ "method": "initialized", "params": {} }));
        let is_ready = |message: &Value| {
            message["method"] == "experimental/serverStatus"
                && message["params"]["quiescent"] == true
        };
        let ready = self.wait_for(is_ready);
        assert_eq!(ready["params"]["health"], "ok", "{ready}");
    }

    /// Asks about a place of a text that takes the place of the file.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        file: &Path,
        text: &str,
        (line, character): Position,
    ) -> Value {
        self.show(file, text);
        let question = json!({
            "textDocument": { "uri": uri(file) },
            "position": { "line": line, "character": character },
        });
        self.request(method, &question)
    }

    fn show(&mut self, file: &Path, text: &str) {
        self.version += 1;
        let (uri, version) = (uri(file), self.version);
        let message = if version == 1 {
            let document =
                json!({ "uri": uri, "languageId": "rust", "version": version, "text": text });
            json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } })
        } else {
            let document = json!({ "uri": uri, "version": version });
            let changes = json!([{ "text": text }]);
            let params = json!({ "textDocument": document, "contentChanges": changes });
            json!({ "method": "textDocument/didChange", "params": params })
        };
        self.send(&message);
    }

    /// Returns the result of a request.
    fn request(&mut self, method: &str, params: &Value) -> Value {
        loop {
            self.last_id += 1;
            let id = self.last_id;
            self.send(&json!({ "id": id, "method": method, "params": params }));
            let answer =
                self.wait_for(|message| message["id"] == id && message["method"].is_null());
            match answer["error"]["code"].as_i64() {
                None => return answer["result"].clone(),
                Some(CONTENT_MODIFIED) => {}
                Some(_) => panic!("{method}: {answer}"),
            }
        }
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        let written = write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len());
        written.and_then(|()| self.input.flush()).expect("it reads");
    }

    fn wait_for(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self
                .messages
                .recv_timeout(LONGEST_WAIT)
                .expect("it answers");
            if is_it(&message) {
                return message;
            }
            // The server waits for the answers to its own requests, such as those for progress.
            if !message["method"].is_null() && !message["id"].is_null() {
                self.send(&json!({ "id": message["id"], "result": null }));
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn read_in_background(mut output: impl BufRead + Send + 'static) -> Receiver<Value> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        while let Some(message) = read(&mut output) {
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Reads one message. `None` at the end of the server.
fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        output.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("Content-Length: ") {
            length = number.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
