//! A window of Chromium.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::chrome_command::ChromeCommand;
use crate::driver::Driver;

/// The longest wait for something that the page does within a second.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The size of the window's content.
#[derive(Clone, Copy, Debug)]
pub enum Window {
    /// 1440 × 900, as on a desk.
    Wide,
    /// 360 × 740, as on a small phone.
    Phone,
}

impl Window {
    fn metrics(self) -> Value {
        let (width, height) = match self {
            Self::Wide => (1440, 900),
            Self::Phone => (360, 740),
        };
        let is_phone = matches!(self, Self::Phone);
        json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone })
    }
}

/// The colours that the person prefers.
#[derive(Clone, Copy, Debug)]
pub enum Theme {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

/// A window of Chromium with one page.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    _driver: Driver,
}

impl Browser {
    /// Opens a wide, light window. `None` if there is no browser and `BROWSER_TESTS=skip`, which
    /// is printed with the name of the test.
    pub async fn open(test: &str) -> Option<Self> {
        let Some(mut driver) = Driver::start() else {
            // The test harness shows `println!` for failed tests only.
            let line = format!("NOT RUN, because chromedriver is not installed: {test}\n");
            let _ = io::stderr().write_all(line.as_bytes());
            return None;
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities());
        let client = builder.connect(&driver.url()).await.expect("a session");
        driver.close_at_the_end(client.session_id().await.expect("the driver answers"));
        let browser = Self {
            client,
            _driver: driver,
        };
        browser.show_as(Window::Wide, Theme::Light).await;
        Some(browser)
    }

    /// Sets the size of the window and the preferred colours.
    pub async fn show_as(&self, window: Window, theme: Theme) {
        let metrics = window.metrics();
        self.developer_tools("Emulation.setDeviceMetricsOverride", &metrics)
            .await;
        let theme = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let features = json!([{ "name": "prefers-color-scheme", "value": theme }]);
        let media = json!({ "features": features });
        self.developer_tools("Emulation.setEmulatedMedia", &media)
            .await;
    }

    /// Opens the page and waits until it has its data.
    pub async fn go(&self, url: &str) {
        self.client.goto(url).await.expect("the page is there");
        self.wait_for("document.getElementById('process').textContent.length > 0")
            .await;
    }

    /// Returns the value of an expression.
    pub async fn eval(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        let result = self.client.execute(&script, Vec::new()).await;
        result.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// Waits until an expression is true.
    pub async fn wait_for(&self, expression: &str) {
        let began = Instant::now();
        while self.eval(expression).await != json!(true) {
            if began.elapsed() > LONGEST_WAIT {
                let text = self.eval("document.body.innerText").await;
                panic!("never true: {expression}\nthe page shows:\n{text}");
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The visible text of the first element that the selector finds.
    pub async fn text(&self, selector: &str) -> String {
        let found = self.client.find(Locator::Css(selector)).await;
        let element = found.unwrap_or_else(|error| panic!("{selector}: {error}"));
        element.text().await.expect("a text")
    }

    /// Clicks at the first element that the selector finds.
    pub async fn click(&self, selector: &str) {
        let clicked: Result<(), CmdError> = async {
            let found = self.client.find(Locator::Css(selector)).await?;
            found.click().await
        }
        .await;
        clicked.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Presses a key, as the person at the keyboard does.
    pub async fn press(&self, key: Key) {
        self.press_char(key.into()).await;
    }

    /// Types a text into the element that has the focus.
    pub async fn type_text(&self, text: &str) {
        for character in text.chars() {
            self.press_char(character).await;
        }
    }

    async fn press_char(&self, character: char) {
        let actions = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: character })
            .then(KeyAction::Up { value: character });
        let pressed = self.client.perform_actions(actions).await;
        pressed.expect("the key is pressed");
    }

    /// The warnings and errors of the console since the last call.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        entries.iter().map(Value::to_string).collect()
    }

    /// The addresses that the page asked for since the last call.
    pub async fn requests(&self) -> Vec<String> {
        let entries = self.log("performance").await;
        let urls = entries.iter().filter_map(|entry| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            let is_request = message["method"] == "Network.requestWillBeSent";
            let url = message["params"]["request"]["url"].as_str()?;
            is_request.then(|| url.to_owned())
        });
        urls.collect()
    }

    /// Keeps a picture of the window in the folder that `SCREENSHOTS` names, if it does. A relative
    /// folder is one of the repository.
    pub async fn keep_picture(&self, name: &str) {
        let Some(folder) = env::var_os("SCREENSHOTS") else {
            return;
        };
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let path = repository
            .join(folder)
            .join(format!("dashboard-{name}.png"));
        let image = self.client.screenshot().await.expect("an image");
        fs::write(path, image).expect("the file is written");
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.client.issue_cmd(ChromeCommand::log(kind)).await;
        match entries.expect("the log is read") {
            Value::Array(entries) => entries,
            other => panic!("{other} is no log"),
        }
    }

    /// Gives a command of the developer tools.
    pub async fn developer_tools(&self, command: &str, parameters: &Value) {
        let command = ChromeCommand::developer_tools(command, parameters);
        let done = self.client.issue_cmd(command).await;
        done.expect("the browser knows the command");
    }
}

/// Chromium without a screen. In a container it runs as root and with little shared memory.
fn capabilities() -> Capabilities {
    let arguments = [
        "--headless=new",
        // A browser whose driver is killed ends with the pipe.
        "--remote-debugging-pipe",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
        "--lang=en-GB",
    ];
    let mut capabilities = Capabilities::new();
    capabilities.insert(
        "goog:chromeOptions".to_owned(),
        json!({ "args": arguments }),
    );
    capabilities.insert(
        "goog:loggingPrefs".to_owned(),
        json!({ "browser": "WARNING", "performance": "ALL" }),
    );
    capabilities
}
