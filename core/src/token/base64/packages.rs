//! Base64 by the packages `base64-simd`, with the standard library, and `base64`, without.
//!
//! The first one takes texts as short as those of tokens by vector instructions, which it asks the processor for at run time.

#[cfg(feature = "std")]
use base64_simd::{AsOut as _, URL_SAFE, URL_SAFE_NO_PAD};

use super::{InvalidBase64, decoded_len, encoded_len};
use crate::buffer::Full;

/// As [`super::encode`].
pub(super) fn encode(bytes: &[u8], text: &mut [u8]) -> Result<usize, Full> {
    // `base64-simd` panics where the text does not fit.
    let room = text.get_mut(..encoded_len(bytes.len())).ok_or(Full)?;
    #[cfg(feature = "std")]
    return Ok(URL_SAFE.encode(bytes, room.as_out()).len());
    #[cfg(not(feature = "std"))]
    base64::Engine::encode_slice(&ENGINE, bytes, room).map_err(|_| Full)
}

/// As [`super::decode`], of a text without padding.
pub(super) fn decode(text: &[u8], bytes: &mut [u8]) -> Result<usize, InvalidBase64> {
    // As above.
    let room = bytes.get_mut(..decoded_len(text)).ok_or(InvalidBase64)?;
    #[cfg(feature = "std")]
    return URL_SAFE_NO_PAD
        .decode(text, room.as_out())
        .map(|decoded| decoded.len())
        .map_err(|_| InvalidBase64);
    #[cfg(not(feature = "std"))]
    base64::Engine::decode_slice(&ENGINE, text, room).map_err(|_| InvalidBase64)
}

#[cfg(not(feature = "std"))]
const ENGINE: base64::engine::GeneralPurpose = {
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let strict = GeneralPurposeConfig::new()
        .with_encode_padding(true)
        .with_decode_allow_trailing_bits(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, strict)
};
