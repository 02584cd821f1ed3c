//! A contender in a process of its own, which is asked line by line.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::contender::{Contender, Sample, Task, measure};

/// A process that answers `time WORK COUNT` with nanoseconds and `allocations WORK COUNT` with a number or `-`, each on
/// a line. It ends when its input does.
#[derive(Clone)]
pub struct Worker {
    pipes: Rc<RefCell<Pipes>>,
    /// The program, if it can be stepped through.
    program: Option<PathBuf>,
}

struct Pipes {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts the process.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", command.get_program().display()))?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("the process has no output")?;
        let pipes = Rc::new(RefCell::new(Pipes { child, input, output: BufReader::new(output) }));
        Ok(Self { pipes, program: None })
    }

    /// A process of `program` alone, which calls [`announce`](crate::announce) if it has an argument.
    pub fn start_steppable(program: &Path) -> Result<Self> {
        Ok(Self { program: Some(program.to_owned()), ..Self::start(&mut Command::new(program))? })
    }

    /// The contender that does `work`, a word that the process knows.
    pub fn contender(&self, name: &str, work: &str) -> Contender {
        let (pipes, owned) = (Rc::clone(&self.pipes), work.to_owned());
        Contender::elsewhere(name, work, self.program.as_deref(), move |task| {
            let what = if task.allocations { "allocations" } else { "time" };
            let answer = pipes.borrow_mut().ask(&format!("{what} {owned} {}", task.count))?;
            let number = answer.trim().parse().ok();
            if task.allocations {
                return Ok(Sample { allocations: number, ..Sample::default() });
            }
            let time = number.with_context(|| format!("the process answered {answer:?}"))?;
            Ok(Sample { time: Duration::from_nanos(time), allocations: None })
        })
    }
}

impl Pipes {
    fn ask(&mut self, line: &str) -> Result<String> {
        let input = self.input.as_mut().context("the process has no input")?;
        writeln!(input, "{line}")?;
        let mut answer = String::new();
        self.output.read_line(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        drop(self.input.take());
        // It ends by itself now.
        let _ = self.child.wait();
    }
}

/// Answers a [`Worker`] until it has no more questions; `find` gives what does a work.
pub fn serve(mut find: impl FnMut(&str) -> Option<Box<dyn FnMut(u64)>>) -> Result<()> {
    for line in std::io::stdin().lines() {
        let line = line?;
        let mut words = line.split(' ');
        let mut word = || words.next().with_context(|| format!("{line:?} has too few words"));
        let (what, work, count) = (word()?, word()?, word()?.parse()?);
        let mut run = find(work).with_context(|| format!("there is no work {work:?}"))?;
        let sample = measure(Task { count, allocations: what == "allocations" }, &mut run);
        let number = sample.allocations.map_or(sample.time.as_nanos(), u128::from);
        println!("{number}");
    }
    Ok(())
}
