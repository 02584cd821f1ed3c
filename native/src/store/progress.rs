//! How far long work has come, for whoever wants to show it.

use std::fmt;
use std::sync::Arc;

/// One report of long work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Parts done so far: folders, batches. Never shrinks within one piece of work.
    pub done: u64,
    /// Parts there are, if known.
    pub of: Option<u64>,
    /// Records dealt with so far: removed by a purge, counted by statistics.
    pub records: u64,
}

/// Where reports of long work go. Clones report to the same place; the default reports to nobody.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<dyn Fn(Step) + Send + Sync>>);

impl Progress {
    /// Nobody wants to know.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Calls `report` now and then. It may be called from a thread where blocking is allowed,
    /// and should return soon.
    pub fn new(report: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(report)))
    }

    /// For stores: reports `step`.
    pub fn report(&self, step: Step) {
        if let Some(report) = &self.0 {
            report(step);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Progress(reported)" } else { "Progress(none)" })
    }
}
