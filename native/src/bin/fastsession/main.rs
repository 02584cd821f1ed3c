//! The operator's command line: keys and tokens by hand, and stores.

mod arguments;
mod date;
mod failure;
mod key;
mod key_source;
mod stdio;
mod store;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

const ABOUT: &str = "Keys, tokens and stores of fastsession by hand.

Data comes on standard input and goes to standard output, byte for byte. Secrets are never taken from arguments, \
which other users of the machine can see.";

const EXAMPLES: &str = "Examples:
  Make a key and use it:
    export FASTSESSION_KEY=$(fastsession key generate)
    printf hello | fastsession token encrypt | fastsession token decrypt

  Change to a new key: put it in front; the old one still opens what it sealed.
    export FASTSESSION_KEY=$(fastsession key generate),$FASTSESSION_KEY

  See whether a user is signed in, and sign them out everywhere:
    fastsession store list --store file:/var/lib/site/sessions --owner ada
    fastsession store revoke --store file:/var/lib/site/sessions --owner ada --all

Exit status:
  0  done
  1  the token was refused, or there is no such session
  2  it could not be done: wrong arguments, no usable key, a failed read or write, a store that failed
  3  it was done, but not all of it could be read or told: standard error says what
  130  it was interrupted: standard error says what was done";

#[derive(Parser)]
#[command(name = "fastsession", version, about = ABOUT, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make keys
    #[command(subcommand)]
    Key(key::Command),
    /// Encrypt, decrypt and inspect Fernet tokens
    #[command(subcommand)]
    Token(token::Command),
    Store(store::Arguments),
}

fn main() -> ExitCode {
    let arguments: Arguments = match arguments::read() {
        Ok(arguments) => arguments,
        Err(status) => return ExitCode::from(u8::try_from(status).unwrap_or(2)),
    };
    let result = match arguments.command {
        Command::Key(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::Store(arguments) => arguments.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
