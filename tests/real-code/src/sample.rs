//! The published crates that the attributes are put above.

use std::fmt;

/// A crate of the sample. Versions are exact, so that two runs count the same functions.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// Features beside the default ones.
    pub(crate) features: &'static [&'static str],
    /// Arguments of `cargo test`, if the crate publishes tests that are quick and pass without the
    /// attributes.
    pub(crate) tests: Option<&'static [&'static str]>,
    /// Part of the list that CI takes.
    pub(crate) reduced: bool,
    pub(crate) group: Group,
}

/// The crates whose numbers are shown and held to goals together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// The attributes were written with these crates at hand.
    Known,
    /// These crates were chosen before anybody had seen their numbers, so that the numbers of the
    /// others can be compared with something.
    Unseen,
    /// Data formats of serde. Two in five methods of a serializer and a deserializer consume a
    /// `self` or a visitor that is not `Clone`, or hand out the `&mut` reference in them. No
    /// attribute can cure that, and no service would retry them.
    Format,
}

impl Group {
    pub(crate) const ALL: [Self; 3] = [Self::Known, Self::Unseen, Self::Format];
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Known => "known",
            Self::Unseen => "unseen",
            Self::Format => "formats of serde",
        })
    }
}

const fn sample(name: &'static str, version: &'static str) -> Sample {
    Sample {
        name,
        version,
        features: &[],
        tests: None,
        reduced: false,
        group: Group::Known,
    }
}

impl Sample {
    const fn with(mut self, features: &'static [&'static str]) -> Self {
        self.features = features;
        self
    }

    const fn tested(mut self, arguments: &'static [&'static str]) -> Self {
        self.tests = Some(arguments);
        self
    }

    const fn unseen(mut self) -> Self {
        self.group = Group::Unseen;
        self
    }

    const fn format(mut self) -> Self {
        self.group = Group::Format;
        self
    }

    const fn reduced(mut self) -> Self {
        self.reduced = true;
        self
    }
}

/// `key_value_timeout` fails bare, too: tokio's paused clock runs ahead while the test waits for
/// its socket.
const MINI_REDIS_TESTS: [&str; 4] = ["--tests", "--", "--skip", "key_value_timeout"];

/// The known ones are crates for each kind of code: clients, servers, drivers, pools, stores,
/// protocols, archives, parsers of text and of binary formats, dates; sync and async, with and
/// without `#[async_trait]`.
///
/// The unseen ones are the best-known client of each kind of service that the library is for (an
/// HTTP API, a database, an LLM, a vector store, a message broker), and a crate each for archives,
/// binary formats and text, because sync code consumes more.
pub(crate) const SAMPLES: [Sample; 40] = [
    sample("base64", "0.23.1"),
    sample("bb8", "0.9.1").tested(&["--lib", "--tests"]),
    sample("chrono", "0.4.45").reduced(),
    sample("csv", "1.4.0").tested(&["--lib"]),
    sample("deadpool", "0.13.1"),
    sample("gimli", "0.34.0"),
    sample("h2", "0.4.20"),
    sample("hickory-proto", "0.26.3"),
    sample("httparse", "1.10.1"),
    sample("jiff", "1.0.2"),
    sample("mini-redis", "0.4.1")
        .tested(&MINI_REDIS_TESTS)
        .reduced(),
    sample("object", "0.40.0"),
    sample("object_store", "0.14.2").reduced(),
    sample("png", "0.18.1"),
    sample("postgres-protocol", "0.6.12"),
    sample("quick-xml", "0.42.0").with(&["async-tokio"]),
    sample("regex-syntax", "0.8.12").tested(&["--lib"]),
    sample("rusqlite", "0.43.0"),
    sample("semver", "1.0.28")
        .tested(&["--lib", "--tests"])
        .reduced(),
    sample("tar", "0.4.46").reduced(),
    sample("time", "0.3.55").with(&["formatting", "parsing"]),
    sample("tokio-postgres", "0.7.18"),
    sample("tokio-util", "0.7.20").with(&["full"]),
    sample("tungstenite", "0.30.0"),
    sample("ureq", "3.5.2"),
    sample("url", "2.5.8").tested(&["--lib", "--tests"]),
    sample("uuid", "1.29.3"),
    sample("wasmparser", "0.263.0"),
    sample("async-openai", "0.43.0")
        .with(&ASYNC_OPENAI_FEATURES)
        .unseen(),
    sample("goblin", "0.10.7").unseen(),
    sample("lapin", "4.12.3").unseen(),
    sample("mysql_async", "0.37.1").unseen(),
    sample("qdrant-client", "1.20.0").unseen(),
    sample("reqwest", "0.13.5")
        .with(&["blocking", "cookies", "json", "multipart"])
        .unseen(),
    sample("toml_edit", "0.25.20").with(&["serde"]).unseen(),
    sample("zip", "9.8.2").unseen(),
    sample("ciborium", "0.2.2").format(),
    sample("rmp-serde", "1.3.1").format(),
    sample("serde_json", "1.0.154").format(),
    sample("toml", "1.2.2").format(),
];

/// The calls that a service makes; all features would double the time.
const ASYNC_OPENAI_FEATURES: [&str; 8] = [
    "audio",
    "batch",
    "chat-completion",
    "embedding",
    "file",
    "image",
    "model",
    "vectorstore",
];
