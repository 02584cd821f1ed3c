//! The published Fernet vectors (<https://github.com/fernet/spec>: generate.json, verify.json and invalid.json), on
//! the device itself.

use core::convert::Infallible;
use core::time::Duration;

use cortex_m_semihosting::hprintln;
use fastsession_core::rand_core::{TryCryptoRng, TryRng};
use fastsession_core::time::UnixTime;
use fastsession_core::token::{Fernet, FernetError, KeyRing};
use heapless::Vec;

use crate::device::Failure;

const SECRET: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const TOKEN: &str =
    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

/// 1985-10-26T01:20:00-07:00
const MADE_AT: u64 = 499_162_800;
const TTL: Duration = Duration::from_mins(1);

/// Description, token and seconds since `MADE_AT`; all with a time to live of 60 seconds.
const INVALID: [(&str, &str, u64); 8] = [
    (
        "incorrect mac",
        "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
        1,
    ),
    ("too short", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==", 1),
    (
        "invalid base64",
        "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
        1,
    ),
    (
        "payload size not multiple of block size",
        "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
        1,
    ),
    (
        "payload padding error",
        "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==",
        1,
    ),
    (
        "far-future TS (unacceptable clock skew)",
        "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==",
        1,
    ),
    (
        "expired TTL",
        "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
        91,
    ),
    (
        "incorrect IV (causes padding error)",
        "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==",
        1,
    ),
];

/// Generates, verifies and refuses what the specification says.
#[inline(never)]
pub(crate) fn check() -> Result<(), Failure> {
    hprintln!("the published Fernet vectors");
    let fernet = Fernet::new(KeyRing::parse(SECRET)?);
    let mut bytes = Vec::<u8, 128>::new();

    fernet.encrypt_at_into(b"hello", UnixTime::from_secs(MADE_AT), &mut PublishedIv(0), &mut bytes)?;
    if bytes != TOKEN.as_bytes() {
        return Err(Failure::Step("generate.json"));
    }
    bytes.clear();
    let decrypted = fernet.decrypt_at_into(TOKEN, Some(TTL), UnixTime::from_secs(MADE_AT), &mut bytes);
    if decrypted.is_err() || bytes != b"hello" {
        return Err(Failure::Step("verify.json"));
    }
    for (description, token, after) in INVALID {
        bytes.clear();
        let now = UnixTime::from_secs(MADE_AT.saturating_add(after));
        let refused = fernet.decrypt_at_into(token, Some(TTL), now, &mut bytes);
        if refused != Err(FernetError::Invalid) {
            return Err(Failure::Step(description));
        }
    }
    hprintln!("    1 generated, 1 verified, {} refused", INVALID.len());
    hprintln!("    stack so far: {} bytes", crate::stack::peak());
    Ok(())
}

/// The bytes 0, 1, 2 and so on: the initialization vector of generate.json.
struct PublishedIv(u8);

impl TryRng for PublishedIv {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

impl TryCryptoRng for PublishedIv {}
