//! The real curl with its cookie jar.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::browser::Home;
use crate::process::Demo;

/// A cookie jar and where to use it.
pub(crate) struct Curl {
    folder: TempDir,
    url: String,
}

impl Curl {
    /// An empty jar.
    pub(crate) fn new(demo: &Demo) -> Self {
        Self { folder: TempDir::new().unwrap(), url: format!("http://127.0.0.1:{}", demo.port()) }
    }

    /// A jar with what this one holds now.
    pub(crate) fn saved(&self) -> Self {
        let copy = Self { folder: TempDir::new().unwrap(), url: self.url.clone() };
        std::fs::copy(self.jar(), copy.jar()).unwrap();
        copy
    }

    /// `GET /` as JSON.
    pub(crate) fn home(&self) -> Home {
        Home::read(&self.json("/"))
    }

    /// `GET` as JSON.
    pub(crate) fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.run(path, &["-H", "Accept: application/json"])).unwrap()
    }

    /// Posts a form as a page would, and follows to the page after it.
    pub(crate) fn post(&self, path: &str, fields: &[&str]) -> String {
        let csrf = format!("csrf={}", self.home().csrf);
        let mut arguments = vec!["-L", "--data-urlencode", &csrf];
        arguments.extend(fields.iter().flat_map(|field| ["--data-urlencode", field]));
        self.run(path, &arguments)
    }

    fn run(&self, path: &str, arguments: &[&str]) -> String {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--fail", "--noproxy", "*"])
            .arg("-b")
            .arg(self.jar())
            .arg("-c")
            .arg(self.jar())
            .args(arguments)
            .arg(format!("{}{path}", self.url))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn jar(&self) -> PathBuf {
        self.folder.path().join("jar")
    }
}
