//! Settings, as the driver sends them.

use alloc::vec::Vec;
use core::time::Duration;

use fastsession_core::cookie::SameSite;
use fastsession_core::manager::{Manager, Placement};
use fastsession_core::token::{Key, KeyRing, MAX_KEYS};

use crate::failure::Failure;
use crate::message::Reader;

/// Reads keys as text, newest first.
pub(crate) fn ring(settings: &mut Reader<'_>) -> Result<KeyRing, Failure> {
    let count = settings.length()?;
    let mut keys = Vec::with_capacity(count.min(MAX_KEYS));
    for position in 1..=count {
        keys.push(Key::parse(settings.text()?).map_err(|error| Failure::Key(position, error))?);
    }
    Ok(KeyRing::from_keys(keys)?)
}

/// The manager of these settings; what is absent is the core's default. The order is the same in js/src/core/manager.ts.
pub(crate) fn build(settings: &[u8]) -> Result<Manager, Failure> {
    let mut settings = Reader::new(settings);
    let mut builder = Manager::builder(ring(&mut settings)?);
    macro_rules! set {
        ($($setting:ident: $value:expr),+ $(,)?) => {
            $(if let Some(value) = $value {
                builder = builder.$setting(value);
            })+
        };
    }
    set!(
        idle_timeout: settings.optional_number()?.map(Duration::from_secs),
        absolute_timeout: settings.optional_number()?.map(Duration::from_secs),
        limit: settings.optional_number()?.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        namespace: settings.optional_text()?,
        owners: settings.optional_flag()?,
        cookie_name: settings.optional_text()?,
        cookie_path: settings.optional_text()?,
        cookie_domain: settings.optional_text()?,
        secure: settings.optional_flag()?,
        http_only: settings.optional_flag()?,
        partitioned: settings.optional_flag()?,
    );
    builder = builder.same_site(match settings.optional_text()? {
        None | Some("lax") => SameSite::Lax,
        Some("strict") => SameSite::Strict,
        Some("none") => SameSite::None,
        Some(_) => return Err(Failure::Setting("cookie.sameSite")),
    });
    builder = builder.placement(match settings.text()? {
        "store" => Placement::Store,
        "cookie" => Placement::Cookie,
        "both" => Placement::Both { lag: Duration::from_secs(settings.number()?) },
        _ => return Err(Failure::Setting("placement")),
    });
    Ok(builder.build()?)
}
