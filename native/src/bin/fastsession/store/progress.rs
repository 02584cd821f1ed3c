//! How far long work has come: a bar, if standard error is a terminal. Timers and log files get the result only.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastsession::store::{Progress, Step};
use indicatif::{ProgressBar, ProgressStyle};

/// Work whose progress is shown.
pub(super) struct Shown {
    progress: Progress,
    bar: Option<ProgressBar>,
    last: Arc<Mutex<Step>>,
}

/// For engines that report nothing for a while.
const TICK: Duration = Duration::from_millis(120);

impl Shown {
    /// Begins to show how many sessions have been "removed", "counted" …
    pub(super) fn start(done: &'static str) -> Self {
        let last = Arc::new(Mutex::new(Step::default()));
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner().with_message(format!("sessions {done}"));
            bar.enable_steady_tick(TICK);
            bar
        });
        let progress = Progress::new({
            let (bar, last) = (bar.clone(), Arc::clone(&last));
            move |step| {
                *last.lock().unwrap_or_else(PoisonError::into_inner) = step;
                if let Some(bar) = &bar {
                    show(bar, step);
                }
            }
        });
        Self { progress, bar, last }
    }

    /// Where the store reports to.
    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The work is done, or has failed, or was given up; returns how many sessions it had dealt with.
    pub(super) fn finish(self) -> u64 {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.last.lock().unwrap_or_else(PoisonError::into_inner).records
    }
}

/// What comes of `work`; `None` if whoever runs the program interrupts it before.
pub(super) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        result = work => Some(result),
        // Where the signal cannot be waited for it ends the process, as it does anyway.
        Ok(()) = tokio::signal::ctrl_c() => None,
    }
}

fn show(bar: &ProgressBar, step: Step) {
    if let Some(of) = step.of
        && bar.length() != Some(of)
    {
        bar.set_length(of);
        // The only way that it fails is a template that is wrong, and then the bar looks as it did.
        if let Ok(style) = ProgressStyle::with_template("{prefix} {msg} {wide_bar} {percent}%, {eta} left") {
            bar.set_style(style);
        }
    }
    bar.set_prefix(step.records.to_string());
    bar.set_position(step.done);
}
