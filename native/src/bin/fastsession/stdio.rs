//! Standard input and output as bytes.

use std::io::{ErrorKind, Read, Write};

use fastsession_core::buffer::Buffer;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// More is not a token, a payload or a passphrase that anybody meant.
const MAX_INPUT: u64 = 64 << 20;

/// All of standard input.
pub(crate) fn read() -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_from(std::io::stdin().lock(), "standard input")
}

/// All of `source`, whose name is `what`. No copy of it is left behind in memory.
pub(crate) fn read_from(source: impl Read, what: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut source = source.take(MAX_INPUT);
    let mut bytes = Zeroizing::new(Vec::new());
    let mut piece = Zeroizing::new([0; 4096]);
    loop {
        let length = source.read(piece.as_mut_slice()).map_err(|error| Failure::untried(what, error))?;
        let Some(read @ [_, ..]) = piece.get(..length) else { break };
        // Unlike `extend`, it erases what it moves out of.
        bytes.try_append(read).map_err(|error| Failure::untried(what, error))?;
    }
    if source.limit() == 0 {
        return Err(Failure::Untried(format!("{what}: longer than {MAX_INPUT} bytes")));
    }
    Ok(bytes)
}

/// Writes `bytes` to standard output, all of them and nothing else. Whoever closed it, as `head` does, has read enough.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::untried("standard output", error)),
    }
}

/// Writes `text` and a line end.
pub(crate) fn write_line(text: &str) -> Result<(), Failure> {
    write(text.as_bytes())?;
    write(b"\n")
}

/// Writes what came of work that is done, and that stays done if this fails.
pub(crate) fn write_result(text: &str) -> Result<(), Failure> {
    write_line(text).map_err(|failure| match failure {
        Failure::Untried(why) => Failure::Partial(format!("it is done ({text}), but {why}")),
        failure => failure,
    })
}
