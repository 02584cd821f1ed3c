//! An HTTP client that sends whatever it is told to, valid or not.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A request.
#[derive(Clone)]
pub(crate) struct Request {
    head: Vec<u8>,
    body: String,
}

impl Request {
    /// A request without headers.
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { head: format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n").into(), body: String::new() }
    }

    /// With one more header line.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.head.extend_from_slice(name.as_bytes());
        self.head.extend_from_slice(b": ");
        self.head.extend_from_slice(value.as_ref());
        self.head.extend_from_slice(b"\r\n");
        self
    }

    /// With form fields as its body. Their values are escaped.
    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        self.body = fields.join("&");
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// With a JSON body.
    pub(crate) fn json(mut self, value: &serde_json::Value) -> Self {
        self.body = value.to_string();
        self.header("content-type", "application/json")
    }

    /// The bytes on the wire; the connection is for this request only.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone();
        bytes.extend_from_slice(
            format!("content-length: {}\r\nconnection: close\r\n\r\n", self.body.len()).as_bytes(),
        );
        bytes.extend_from_slice(self.body.as_bytes());
        bytes
    }

    /// Sends it to 127.0.0.1 and waits for the answer.
    pub(crate) fn send(&self, port: u16) -> Response {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.write_all(&self.to_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Response::parse(&String::from_utf8(bytes).unwrap())
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        write!(escaped, "%{byte:02x}").unwrap();
    }
    escaped
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    /// The status code.
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: String,
}

impl Response {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().into())
        };
        Self { status, headers: lines.map(header).collect(), body: body.into() }
    }

    /// The values of all header lines of this name.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The body, read as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same answer, after a check of its status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}
