//! A certificate for `localhost`, and the authority that it is from.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Files of an authority of our own, and of a server that it knows.
pub struct Certificate(TempDir);

const SCRIPT: &str = "set -e
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca
openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost
printf 'subjectAltName=DNS:localhost' > names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem";

impl Certificate {
    /// Makes all of them.
    ///
    /// # Panics
    /// If openssl does not.
    #[expect(clippy::new_without_default, reason = "it makes files")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = Command::new("sh").args(["-c", SCRIPT]).current_dir(folder.path()).output();
        assert!(made.expect("a shell").status.success(), "openssl makes no certificate");
        Self(folder)
    }

    /// The folder of the files.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// The authority's certificate.
    pub fn authority(&self) -> PathBuf {
        self.folder().join("ca.pem")
    }

    /// The server's certificate.
    pub fn server(&self) -> PathBuf {
        self.folder().join("server.pem")
    }

    /// The server's private key.
    pub fn private_key(&self) -> PathBuf {
        self.folder().join("server.key")
    }
}
