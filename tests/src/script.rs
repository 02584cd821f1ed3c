//! A program in another language on the other side: one request a line, one answer a line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test fails where it cannot go on"
)]

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// A process that runs a script of the tests.
pub struct Script(Child);

impl Script {
    /// Starts the Python script at this path in `tests/tests/`.
    #[must_use]
    pub fn python(path: &str) -> Self {
        let python = std::env::var_os("FASTSESSION_TEST_PYTHON").expect(
            "FASTSESSION_TEST_PYTHON names no Python that has pyca/cryptography: run `cargo xtask test`, which makes one",
        );
        Self::start(Command::new(python), path, "FASTSESSION_TEST_PYTHON can be run")
    }

    /// Starts the JavaScript module at this path in `tests/tests/`.
    #[must_use]
    pub fn javascript(path: &str) -> Self {
        let package = concat!(env!("CARGO_MANIFEST_DIR"), "/../wasm/js/dist");
        assert!(
            Path::new(package).is_dir(),
            "there is no npm package yet: run `cargo xtask wasm`, which builds it"
        );
        Self::start(Command::new("node"), path, "node can be run")
    }

    fn start(mut command: Command, path: &str, expected: &str) -> Self {
        command.arg(format!("{}/tests/{path}", env!("CARGO_MANIFEST_DIR")));
        Self(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(expected))
    }

    /// The answers to all `requests`, in their order. It ends the process.
    #[must_use]
    pub fn ask(mut self, requests: &[String]) -> Vec<String> {
        let (input, output) = (self.0.stdin.take().unwrap(), self.0.stdout.take().unwrap());
        // Both ends at once: neither pipe holds a whole batch.
        let answers: Vec<String> = thread::scope(|scope| {
            scope.spawn(move || {
                let mut input = BufWriter::new(input);
                for request in requests {
                    writeln!(input, "{request}").unwrap();
                }
            });
            BufReader::new(output).lines().map(Result::unwrap).collect()
        });
        assert!(self.0.wait().unwrap().success(), "the script failed: see above");
        assert_eq!(answers.len(), requests.len());
        answers
    }
}
