//! Base64 by the packages `base64` and, with the standard library, `base64-simd`.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use super::InvalidBase64;
use crate::buffer::Full;

const STRICT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_encode_padding(true)
    .with_decode_allow_trailing_bits(false)
    .with_decode_padding_mode(DecodePaddingMode::RequireNone);

/// With the standard library the processor is asked once what it can do.
#[cfg(all(
    feature = "std",
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))
))]
static ENGINE: std::sync::LazyLock<base64::engine::Simd> =
    std::sync::LazyLock::new(|| base64::engine::Simd::url_safe(STRICT));
#[cfg(not(all(
    feature = "std",
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))
)))]
static ENGINE: base64::engine::GeneralPurpose =
    base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, STRICT);

/// As [`super::encode`].
pub(super) fn encode(bytes: &[u8], text: &mut [u8]) -> Result<usize, Full> {
    #[cfg(feature = "std")]
    {
        use base64_simd::AsOut as _;
        // It panics where the text does not fit.
        let room = text.get_mut(..super::encoded_len(bytes.len())).ok_or(Full)?;
        Ok(base64_simd::URL_SAFE.encode(bytes, room.as_out()).len())
    }
    #[cfg(not(feature = "std"))]
    ENGINE.encode_slice(bytes, text).map_err(|_| Full)
}

/// The most characters that `base64-simd` decodes sooner than `base64`: a session cookie's token has 140.
#[cfg(feature = "std")]
const SHORT: usize = 256;

/// As [`super::decode`], of a text without padding.
pub(super) fn decode(text: &[u8], bytes: &mut [u8]) -> Result<usize, InvalidBase64> {
    #[cfg(feature = "std")]
    if text.len() <= SHORT {
        use base64_simd::AsOut as _;
        // It panics where the bytes do not fit.
        let room = bytes.get_mut(..super::decoded_len(text)).ok_or(InvalidBase64)?;
        let decoded = base64_simd::URL_SAFE_NO_PAD.decode(text, room.as_out()).map_err(|_| InvalidBase64)?;
        return Ok(decoded.len());
    }
    ENGINE.decode_slice(text, bytes).map_err(|_| InvalidBase64)
}
