//! A browser as far as sessions need one: it keeps the cookie.

use crate::http::{Request, Response};
use crate::process::Demo;

/// A browser with one site open.
#[derive(Clone)]
pub(crate) struct Browser {
    port: u16,
    agent: &'static str,
    /// Its cookie, as in `session=…`.
    pub(crate) cookie: Option<String>,
}

/// What `GET /` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) user: Option<String>,
    pub(crate) visits: u64,
    pub(crate) csrf: String,
    /// Why the cookie that was sent led to no session.
    pub(crate) reason: Option<String>,
}

impl Home {
    /// Reads the JSON of `GET /`.
    pub(crate) fn read(json: &serde_json::Value) -> Self {
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        Self {
            user: text("user"),
            visits: json["visits"].as_u64().unwrap(),
            csrf: text("csrf").unwrap(),
            reason: text("reason"),
        }
    }
}

/// A user agent that is labelled "Firefox on Linux".
pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

impl Browser {
    /// A browser without a cookie.
    pub(crate) fn open(demo: &Demo) -> Self {
        Self { port: demo.port(), agent: FIREFOX, cookie: None }
    }

    /// Another one, that was given the cookie of this one as it is now.
    pub(crate) fn with_the_same_cookie(&self) -> Self {
        self.clone()
    }

    /// A browser on which `user` is signed in.
    pub(crate) fn signed_in(demo: &Demo, user: &str) -> Self {
        let mut browser = Self::open(demo);
        browser.sign_in(user);
        browser
    }

    /// Visits the first page.
    pub(crate) fn home(&mut self) -> Home {
        Home::read(&self.send(&self.get("/")).expect(200).json())
    }

    /// Visits the first page and signs in there.
    pub(crate) fn sign_in(&mut self, user: &str) {
        let csrf = self.home().csrf;
        let request = self.request("POST", "/sign-in").form(&[("csrf", &csrf), ("user", user)]);
        let answer = self.send(&request).expect(303);
        assert_eq!(answer.headers("location"), ["/"]);
        assert_eq!(self.home().user.as_deref(), Some(user));
    }

    /// Visits the first page and posts a form.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        let csrf = self.home().csrf;
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        let request = self.request("POST", path).form(&fields);
        self.send(&request)
    }

    /// The entries of `GET /devices`.
    pub(crate) fn devices(&mut self) -> Vec<serde_json::Value> {
        self.send(&self.get("/devices")).expect(200).json().as_array().unwrap().clone()
    }

    /// A request for JSON.
    pub(crate) fn get(&self, path: &str) -> Request {
        self.request("GET", path).header("accept", "application/json")
    }

    /// A request as this browser makes it.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        let request = Request::new(method, path).header("user-agent", self.agent);
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    /// Sends a request, and keeps the cookie that the answer sets.
    pub(crate) fn send(&mut self, request: &Request) -> Response {
        let response = request.send(self.port);
        for cookie in response.headers("set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let is_removal = attributes.to_ascii_lowercase().contains("max-age=0");
            self.cookie = (!is_removal).then(|| pair.into());
        }
        response
    }

    /// The value of its cookie.
    pub(crate) fn cookie_value(&self) -> &str {
        self.cookie.as_ref().unwrap().split_once('=').unwrap().1
    }

    /// Whoever presents the cookie of this browser is a newcomer, and is told why.
    pub(crate) fn assert_is_dead(&self) {
        let home = self.clone().home();
        assert_eq!((home.user, home.visits), (None, 1));
        assert!(home.reason.is_some());
    }
}
