//! How a check fails.

use std::fmt::{self, Write as _};

use crate::store::StoreError;
use crate::{Error, SessionError};

/// What a check comes to.
pub type Checked = Result<(), Failure>;

/// A store does not do what it must.
pub struct Failure {
    check: &'static str,
    text: String,
}

impl Failure {
    /// A failure, told in `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self { check: "", text: text.into() }
    }

    /// The failure as one of the check `name`.
    #[must_use]
    pub(super) fn of(mut self, name: &'static str) -> Self {
        self.check = name;
        self
    }

    /// The same failure, with the part of the check that it is in.
    #[must_use]
    pub(super) fn within(mut self, part: &str) -> Self {
        self.text = format!("{part}: {}", self.text);
        self
    }

    /// The same failure, with what came before it.
    #[must_use]
    pub(super) fn after(mut self, steps: &[impl fmt::Debug]) -> Self {
        for step in steps {
            // Writing to a string does not fail.
            let _ = write!(self.text, "\n  {step:?}");
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (FASTSESSION_TEST_SEED={})", self.check, self.text, super::seed())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(format!("the store failed: {error}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(format!("a request failed: {error}"))
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::new(format!("a request failed: {error}"))
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::new(format!("a task of the check did not end: {error}"))
    }
}

/// Fails the check unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err($crate::testing::Failure::new(format!($($text)+)));
        }
    };
}

/// Fails the check unless both are equal.
macro_rules! ensure_eq {
    ($left:expr, $right:expr, $($text:tt)+) => {
        match (&$left, &$right) {
            (left, right) => {
                if left != right {
                    let text = format!($($text)+);
                    let text = format!("{text}: it is {left:?} and should be {right:?}");
                    return Err($crate::testing::Failure::new(text));
                }
            }
        }
    };
}

pub(super) use {ensure, ensure_eq};
