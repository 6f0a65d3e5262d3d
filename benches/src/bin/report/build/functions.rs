//! The sources of the functions whose builds are compared.

use std::fmt::Write as _;

use super::project::ours;

/// Functions lie in modules of this size, as those of a service do.
pub(super) const PER_MODULE: usize = 10;

/// The functions under the same attributes.
pub(crate) struct Kind {
    /// The name in the table.
    pub(crate) name: &'static str,
    /// The name of the crate.
    pub(crate) folder: &'static str,
    pub(crate) dependencies: String,
    attributes: &'static str,
    error: &'static str,
}

pub(crate) const INSTRUMENT: &str = "`#[tracing::instrument]`";
pub(crate) const INSTRUMENT_ERR: &str = "`#[instrument(err)]`";

impl Kind {
    pub(crate) fn three() -> Self {
        Self::of_ours(
            "ours",
            "functions_ours",
            "#[resilience::retry] #[resilience::circuit_breaker] #[resilience::timeout(5s)]",
        )
    }

    pub(crate) fn retry() -> Self {
        Self::of_ours("`#[retry]`", "functions_retry", "#[resilience::retry]")
    }

    pub(crate) fn circuit_breaker() -> Self {
        Self::of_ours(
            "`#[circuit_breaker]`",
            "functions_circuit",
            "#[resilience::circuit_breaker]",
        )
    }

    pub(crate) fn timeout() -> Self {
        Self::of_ours(
            "`#[timeout]`",
            "functions_timeout",
            "#[resilience::timeout(5s)]",
        )
    }

    pub(crate) fn instrument() -> Self {
        Self::of_tracing(INSTRUMENT, "functions_instrument", "#[tracing::instrument]")
    }

    pub(crate) fn instrument_err() -> Self {
        Self::of_tracing(
            INSTRUMENT_ERR,
            "functions_instrument_err",
            "#[tracing::instrument(err)]",
        )
    }

    pub(crate) fn plain() -> Self {
        Self {
            name: "plain",
            folder: "functions_plain",
            dependencies: String::new(),
            attributes: "",
            error: PLAIN_ERROR,
        }
    }

    fn of_ours(name: &'static str, folder: &'static str, attributes: &'static str) -> Self {
        Self {
            name,
            folder,
            dependencies: ours(),
            attributes,
            error: OUR_ERROR,
        }
    }

    fn of_tracing(name: &'static str, folder: &'static str, attributes: &'static str) -> Self {
        Self {
            name,
            folder,
            dependencies: "tracing = \"0.1\"".to_owned(),
            attributes,
            error: PLAIN_ERROR,
        }
    }

    /// The source of a library of async functions. Each one awaits two calls. All are boxed, so
    /// that they are compiled and none is inlined. rustc compiles modules in parallel.
    pub(crate) fn library(&self, functions: u32, per_module: usize) -> String {
        let (attributes, error) = (self.attributes, self.error);
        let mut source = format!(
            "use std::{{future::Future, pin::Pin}};
            pub type Futures = Vec<Pin<Box<dyn Future<Output = Result<u64, Error>>>>>;
            {error}
            #[inline(never)] pub async fn get(n: u64) -> Result<u64, Error> {{
                if n == 0 {{ Err(Error::Failed) }} else {{ Ok(n) }}
            }}
            "
        );
        let mut modules = String::new();
        for first in (0..functions).step_by(per_module) {
            let _ = writeln!(source, "pub mod m{first} {{ use super::*;");
            let mut calls = String::new();
            for function in (first..functions).take(per_module) {
                let _ = write!(
                    source,
                    "{attributes} pub async fn f{function}(n: u64) -> Result<u64, Error> {{
                        let first = get(n + {function}).await?; get(first * 2).await
                    }}\n"
                );
                let _ = writeln!(calls, "futures.push(Box::pin(f{function}(n)));");
            }
            let _ = writeln!(
                source,
                "pub fn all(futures: &mut Futures, n: u64) {{ {calls} }} }}"
            );
            let _ = writeln!(modules, "m{first}::all(futures, n);");
        }
        let _ = writeln!(
            source,
            "pub fn all(futures: &mut Futures, n: u64) {{ {modules} }}"
        );
        source
    }

    /// The source of a program with all functions of the library.
    pub(crate) fn program(library: &str) -> String {
        format!(
            "fn main() {{
                let mut futures = {library}::Futures::new();
                {library}::all(&mut futures, std::env::args().count() as u64);
                std::hint::black_box(&mut futures);
            }}"
        )
    }

    /// The source of a library in which each function awaits the next one. The first one's future
    /// is `Send`, so that rustc looks into all of them.
    pub(crate) fn chain(&self, depth: u32) -> String {
        let (attributes, error) = (self.attributes, self.error);
        let mut source = format!(
            "{error}
            pub async fn f0(n: u64) -> Result<u64, Error> {{
                if n == 0 {{ Err(Error::Failed) }} else {{ Ok(n) }}
            }}
            pub fn first(n: u64) \
            -> std::pin::Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>> {{
                Box::pin(f{depth}(n))
            }}
            "
        );
        for function in 1..=depth {
            let next = function - 1;
            let _ = writeln!(
                source,
                "{attributes} pub async fn f{function}(n: u64) -> Result<u64, Error> {{
                    let next = n + 1; f{next}(next).await
                }}"
            );
        }
        source
    }
}

const PLAIN_ERROR: &str = "#[derive(Debug)] pub enum Error { Failed }
     impl std::fmt::Display for Error { \
     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"failed\") } }";

const OUR_ERROR: &str = "#[derive(Debug)] pub enum Error { \
     Failed, Open(resilience::CircuitOpen), Late(resilience::TimedOut) }
     impl From<resilience::CircuitOpen> for Error { \
     fn from(open: resilience::CircuitOpen) -> Self { Self::Open(open) } }
     impl From<resilience::TimedOut> for Error { \
     fn from(late: resilience::TimedOut) -> Self { Self::Late(late) } }";
