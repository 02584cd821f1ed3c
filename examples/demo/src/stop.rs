//! The signals that ask the server to stop.

use std::future::Future;

/// Is ready when the process is asked to end: by ctrl-c or, on Unix, SIGTERM.
///
/// # Errors
/// If the signals cannot be listened to.
pub(crate) fn requested() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
