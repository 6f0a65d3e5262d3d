//! The published crates that the attributes are put above.

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
    /// Three to five in ten methods of a serializer consume a `self` that is a `&mut` reference, or
    /// a visitor. They cannot be cloned (README, "Limits"), and no service would retry them: the
    /// goal of `clone(..)` leaves them out.
    pub(crate) is_serializer: bool,
}

const fn sample(name: &'static str, version: &'static str) -> Sample {
    Sample {
        name,
        version,
        features: &[],
        tests: None,
        reduced: false,
        is_serializer: false,
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

    const fn serializer(mut self) -> Self {
        self.is_serializer = true;
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

/// One or two crates for each kind of code: clients, servers, drivers, pools, stores, protocols,
/// archives, parsers of text and of binary formats, dates, a serializer; sync and async, with and
/// without `#[async_trait]`.
pub(crate) const SAMPLES: [Sample; 25] = [
    sample("base64", "0.23.1"),
    sample("bb8", "0.9.1").tested(&["--lib", "--tests"]),
    sample("chrono", "0.4.45").reduced(),
    sample("csv", "1.4.0").tested(&["--lib"]).serializer(),
    sample("gimli", "0.34.0"),
    sample("h2", "0.4.20"),
    sample("hickory-proto", "0.26.3"),
    sample("httparse", "1.10.1"),
    sample("mini-redis", "0.4.1")
        .tested(&MINI_REDIS_TESTS)
        .reduced(),
    sample("object", "0.40.0"),
    sample("object_store", "0.14.2").reduced(),
    sample("png", "0.18.1"),
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
];
