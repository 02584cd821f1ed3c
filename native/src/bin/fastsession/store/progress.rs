//! How far long work has come, on standard error: a bar on a terminal, else a line now and then.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fastsession::store::{Progress, Step};
use indicatif::{ProgressBar, ProgressStyle};

/// Work whose progress is shown.
pub(super) struct Shown {
    progress: Progress,
    bar: Option<ProgressBar>,
    lines: Arc<Mutex<Lines>>,
}

/// The lines for a log file.
struct Lines {
    what: &'static str,
    last: Step,
    /// When the last line was written.
    told: Instant,
}

const BETWEEN_LINES: Duration = Duration::from_secs(2);
/// For engines that report nothing for a while.
const TICK: Duration = Duration::from_millis(120);

impl Shown {
    /// Begins to show the progress of what is done now: "purging" …
    pub(super) fn start(what: &'static str) -> Self {
        let lines = Arc::new(Mutex::new(Lines { what, last: Step::default(), told: Instant::now() }));
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner().with_message(what);
            bar.enable_steady_tick(TICK);
            let progress = Progress::new({
                let bar = bar.clone();
                move |step| show(&bar, step)
            });
            return Self { progress, bar: Some(bar), lines };
        }
        let progress = Progress::new({
            let lines = Arc::clone(&lines);
            move |step| lines.lock().unwrap_or_else(PoisonError::into_inner).take(step)
        });
        Self { progress, bar: None, lines }
    }

    /// Where the store reports to.
    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The work is done or has failed.
    pub(super) fn finish(self) {
        match self.bar {
            Some(bar) => bar.finish_and_clear(),
            None => self.lines.lock().unwrap_or_else(PoisonError::into_inner).write(),
        }
    }
}

impl Lines {
    fn take(&mut self, step: Step) {
        self.last = step;
        if self.told.elapsed() >= BETWEEN_LINES {
            self.write();
            self.told = Instant::now();
        }
    }

    fn write(&self) {
        let Step { done, of, records } = self.last;
        let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
        // Whoever closed standard error does not want to know.
        let _ =
            writeln!(std::io::stderr(), "fastsession: {}: {done}{of} parts, {records} sessions", self.what);
    }
}

fn show(bar: &ProgressBar, step: Step) {
    if let Some(of) = step.of
        && bar.length() != Some(of)
    {
        bar.set_length(of);
        // The only way that it fails is a template that is wrong, and then the bar looks as it did.
        if let Ok(style) =
            ProgressStyle::with_template("{msg} {wide_bar} {percent}% {prefix} sessions, {eta} left")
        {
            bar.set_style(style);
        }
    }
    bar.set_prefix(step.records.to_string());
    bar.set_position(step.done);
}
