//! Counts the instructions of an operation by stepping through it, one by one.
//!
//! That is slow, but it is exact, needs no performance counters (virtual machines have none) and takes the path that
//! the processor really takes. (Valgrind shows programs a processor without SHA extensions.)

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

/// The most instructions that are waited for.
const PATIENCE: u64 = 20_000_000;

/// Runs `run` in this process such that [`Counter::count`], which started it, can count what it does.
pub fn announce(run: &mut dyn FnMut(u64)) -> Result<()> {
    // The counter attaches meanwhile.
    println!("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    run(8);
    raise(Signal::SIGSTOP)?;
    run(0);
    raise(Signal::SIGSTOP)?;
    run(1);
    raise(Signal::SIGSTOP)?;
    Ok(())
}

/// Counts in other processes, unless that is not wanted or not possible.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    is_on: bool,
}

impl Counter {
    /// Counts if `is_on`: it takes its time.
    pub fn new(is_on: bool) -> Self {
        Self { is_on }
    }

    /// The instructions of an operation of the process that `command` starts, which calls [`announce`]. `None` where
    /// the system does not let processes be stepped through.
    pub fn count(&mut self, command: &mut Command) -> Option<f64> {
        if !self.is_on {
            return None;
        }
        count_in(command)
            .inspect_err(|error| {
                eprintln!("no instructions are counted: {error:#}");
                self.is_on = false;
            })
            .ok()
    }
}

/// The instructions of an operation of the process that `command` starts, which calls [`announce`].
fn count_in(command: &mut Command) -> Result<f64> {
    // Two processes that wait for each other do so faster on one processor.
    let before = sched_getaffinity(Pid::from_raw(0))?;
    let mut one = CpuSet::new();
    one.set((0..CpuSet::count()).rev().find(|cpu| before.is_set(*cpu).unwrap_or(false)).unwrap_or(0))?;
    sched_setaffinity(Pid::from_raw(0), &one)?;
    let counted = count_here(command);
    sched_setaffinity(Pid::from_raw(0), &before)?;
    counted
}

fn count_here(command: &mut Command) -> Result<f64> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    let counted = (|| {
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        ptrace::attach(pid).context("the system does not let a process be traced")?;
        waitpid(pid, None)?;
        writeln!(child.stdin.take().context("no input")?)?;
        ptrace::cont(pid, None)?;
        wait_for_mark(pid)?;
        let (none, one) = (step_to_mark(pid)?, step_to_mark(pid)?);
        Ok(one as f64 - none as f64)
    })();
    let _ = kill(pid, Signal::SIGKILL);
    let _ = child.wait();
    counted
}

/// Waits until the process stops itself.
fn wait_for_mark(pid: Pid) -> Result<()> {
    loop {
        match waitpid(pid, None)? {
            WaitStatus::Stopped(_, Signal::SIGSTOP) => return Ok(()),
            WaitStatus::Stopped(_, signal) => ptrace::cont(pid, signal)?,
            other => bail!("the process ended: {other:?}"),
        }
    }
}

/// Steps until the process stops itself; returns how many steps that were.
fn step_to_mark(pid: Pid) -> Result<u64> {
    for steps in 0..PATIENCE {
        ptrace::step(pid, None)?;
        match waitpid(pid, None)? {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
            WaitStatus::Stopped(_, Signal::SIGSTOP) => return Ok(steps),
            other => bail!("the process did not take a step: {other:?}"),
        }
    }
    bail!("more than {PATIENCE} instructions")
}
