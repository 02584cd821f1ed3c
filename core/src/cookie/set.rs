//! Writing `Set-Cookie` headers: RFC 6265bis section 4.1.

use super::{Attributes, SameSite};
use crate::buffer::{Buffer, Full};

/// Appends the value of a `Set-Cookie` header: the name and its attributes around what `write_value` appends.
///
/// A `max_age` in seconds; one of zero makes the browser remove the cookie; without one it keeps the cookie until it closes.
pub(crate) fn append<B: Buffer + ?Sized>(
    out: &mut B,
    attributes: &Attributes,
    name_suffix: &str,
    max_age: Option<u64>,
    write_value: impl FnOnce(&mut B) -> Result<(), Full>,
) -> Result<(), Full> {
    out.try_append(attributes.name.as_bytes())?;
    out.try_append(name_suffix.as_bytes())?;
    out.try_append(b"=")?;
    write_value(out)?;
    out.try_append(b"; Path=")?;
    out.try_append(attributes.path.as_bytes())?;
    if let Some(domain) = &attributes.domain {
        out.try_append(b"; Domain=")?;
        out.try_append(domain.as_bytes())?;
    }
    if let Some(max_age) = max_age {
        out.try_append(b"; Max-Age=")?;
        append_decimal(out, max_age)?;
    }
    let flags: [(bool, &[u8]); 3] = [
        (attributes.http_only, b"; HttpOnly"),
        (attributes.secure, b"; Secure"),
        (attributes.partitioned, b"; Partitioned"),
    ];
    for (is_set, flag) in flags {
        if is_set {
            out.try_append(flag)?;
        }
    }
    out.try_append(match attributes.same_site {
        SameSite::Strict => b"; SameSite=Strict",
        SameSite::Lax => b"; SameSite=Lax",
        SameSite::None => b"; SameSite=None",
    })
}

fn append_decimal<B: Buffer + ?Sized>(out: &mut B, number: u64) -> Result<(), Full> {
    // 20 digits hold any u64.
    let (mut digits, mut start, mut rest) = ([b'0'; 20], 20_usize, number);
    while let Some(at) = start.checked_sub(1)
        && (rest > 0 || start == 20)
        && let Some(digit) = digits.get_mut(at)
    {
        *digit |= u8::try_from(rest % 10).unwrap_or_default();
        (start, rest) = (at, rest / 10);
    }
    out.try_append(digits.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(attributes: &Attributes, suffix: &str, max_age: Option<u64>) -> std::string::String {
        let mut out = heapless::Vec::<u8, 256>::new();
        append(&mut out, attributes, suffix, max_age, |out| out.try_append(b"VALUE")).unwrap();
        std::string::String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn the_default_is_the_strict_cookie() {
        assert_eq!(
            header(&Attributes::default(), "", Some(3_600)),
            "__Host-session=VALUE; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"
        );
    }

    #[test]
    fn a_cookie_may_end_with_the_browser() {
        let written = header(&Attributes::default(), "", None);
        assert_eq!(written, "__Host-session=VALUE; Path=/; HttpOnly; Secure; SameSite=Lax");
    }

    #[test]
    fn every_attribute_is_written() {
        let mut attributes =
            Attributes { partitioned: true, same_site: SameSite::None, ..Attributes::default() };
        attributes.set_name("s").unwrap();
        attributes.set_path("/app").unwrap();
        attributes.set_domain("example.org").unwrap();
        assert_eq!(
            header(&attributes, "-data", Some(0)),
            "s-data=VALUE; Path=/app; Domain=example.org; Max-Age=0; HttpOnly; Secure; Partitioned; SameSite=None"
        );
    }

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 7, 10, 34_560_000, u64::MAX] {
            let mut out = heapless::Vec::<u8, 20>::new();
            append_decimal(&mut out, number).unwrap();
            assert_eq!(core::str::from_utf8(&out).unwrap(), std::format!("{number}"));
        }
    }
}
