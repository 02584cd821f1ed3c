//! Settings, as the driver sends them.

use core::time::Duration;

use fastsession_core::cookie::SameSite;
use fastsession_core::manager::{Manager, Placement};

use crate::failure::Failure;
use crate::keys;
use crate::message::Reader;

/// The manager of these settings; what is absent is the core's default. The order is the same in js/src/options.ts, and in
/// js/src/sessions.ts for what surrounds the options.
pub(crate) fn build(settings: &mut Reader<'_>) -> Result<Manager, Failure> {
    let mut builder = Manager::builder(keys::ring(settings)?);
    macro_rules! set {
        ($($setting:ident: $value:expr),+ $(,)?) => {
            $(if let Some(value) = $value {
                builder = builder.$setting(value);
            })+
        };
    }
    set!(
        namespace: settings.optional_text(),
        cookie_name: settings.optional_text(),
        cookie_path: settings.optional_text(),
        cookie_domain: settings.optional_text(),
        secure: settings.optional_flag(),
        http_only: settings.optional_flag(),
    );
    // The driver sends no others, so that a letter says which it is.
    builder = builder.same_site(match settings.optional_text().and_then(|text| text.bytes().next()) {
        Some(b's') => SameSite::Strict,
        Some(b'n') => SameSite::None,
        _ => SameSite::Lax,
    });
    set!(
        partitioned: settings.optional_flag(),
        persistent: settings.optional_flag(),
        idle_timeout: settings.optional_number().map(Duration::from_secs),
        absolute_timeout: settings.optional_number().map(Duration::from_secs),
        limit: settings.optional_number().map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        owners: settings.optional_flag(),
    );
    let placement = settings.text().bytes().next();
    let lag = Duration::from_secs(settings.number());
    builder = builder.placement(match placement {
        Some(b'c') => Placement::Cookie,
        Some(b'b') => Placement::Both { lag },
        _ => Placement::Store,
    });
    settings.check()?;
    Ok(builder.build()?)
}
