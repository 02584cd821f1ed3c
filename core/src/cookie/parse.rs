//! Reading `Cookie` headers as a server: bytes, not text; see RFC 6265bis section 4.2.

/// How many bytes of `Cookie` headers are read in one request, over all of them; what lies beyond is not looked at.
pub const MAX_HEADER_BYTES: usize = 64 * 1024;

/// The values of the cookies called `name`, in the order of the headers.
///
/// `headers` are the values of all `Cookie` headers of a request (HTTP/2 may split them). Names compare
/// exactly; spaces and tabs around names and values are dropped; quotes belong to the value. Other cookies'
/// bytes are skipped whatever they are.
pub fn values<'h, H>(headers: H, name: &str) -> Values<'_, 'h, H::IntoIter>
where
    H: IntoIterator<Item = &'h [u8]>,
{
    Values {
        headers: headers.into_iter(),
        rest: &[],
        name: name.as_bytes(),
        budget: MAX_HEADER_BYTES,
        cut: false,
    }
}

/// The iterator of [`values`].
#[derive(Clone, Debug)]
pub struct Values<'n, 'h, I> {
    headers: I,
    rest: &'h [u8],
    name: &'n [u8],
    budget: usize,
    cut: bool,
}

impl<I> Values<'_, '_, I> {
    /// Whether something was left unread because it lay beyond [`MAX_HEADER_BYTES`].
    pub fn was_cut(&self) -> bool {
        self.cut
    }
}

impl<'h, I: Iterator<Item = &'h [u8]>> Iterator for Values<'_, 'h, I> {
    type Item = &'h [u8];

    fn next(&mut self) -> Option<&'h [u8]> {
        loop {
            while self.rest.is_empty() {
                let header = self.headers.next()?;
                let readable = header.len().min(self.budget);
                self.cut |= readable < header.len();
                self.budget = self.budget.wrapping_sub(readable);
                self.rest = header.get(..readable).unwrap_or_default();
                if readable == 0 && self.budget == 0 {
                    self.cut |= !header.is_empty();
                    return None;
                }
            }
            let (pair, rest) = split_once(self.rest, b';').unwrap_or((self.rest, &[]));
            self.rest = rest;
            if let Some(value) = value_of(pair, self.name) {
                return Some(value);
            }
        }
    }
}

/// The value of `pair` if it is of this name, which has no `=`.
fn value_of<'h>(pair: &'h [u8], name: &[u8]) -> Option<&'h [u8]> {
    let behind = trim_start(trim_start(pair).strip_prefix(name)?);
    behind.strip_prefix(b"=").map(trim)
}

fn split_once(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = find(bytes, separator)?;
    let (before, from) = bytes.split_at_checked(at)?;
    Some((before, from.get(1..)?))
}

/// Where `wanted` stands first. WebAssembly ships every line, and requests take longer there for other things.
#[cfg(target_arch = "wasm32")]
fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|byte| *byte == wanted)
}

/// Where `wanted` stands first. By pieces, each of which is looked at as a whole: that is many bytes at once.
#[cfg(not(target_arch = "wasm32"))]
fn find(bytes: &[u8], wanted: u8) -> Option<usize> {
    const PIECE: usize = 32;
    let (pieces, _) = bytes.as_chunks::<PIECE>();
    let holds = |piece: &[u8; PIECE]| piece.iter().fold(0, |any, byte| any | u8::from(*byte == wanted)) != 0;
    let whole = pieces.iter().take_while(|piece| !holds(piece)).count();
    // What is behind the whole pieces is in the last bytes, and so are others that were looked at already.
    if whole == pieces.len() && bytes.last_chunk().is_some_and(|last| !holds(last)) {
        return None;
    }
    let skipped = whole.saturating_mul(PIECE);
    let position = bytes.get(skipped..)?.iter().position(|byte| *byte == wanted)?;
    Some(skipped.wrapping_add(position))
}

fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = trim_start(bytes);
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn found<'h>(headers: &[&'h [u8]], name: &str) -> Vec<&'h [u8]> {
        values(headers.iter().copied(), name).collect()
    }

    #[test]
    fn takes_every_header_and_every_value_of_the_name() {
        let headers: [&[u8]; 3] = [b"a=1; session=x", b"", b"session = y\t; b=2;session=z"];
        assert_eq!(found(&headers, "session"), [b"x", b"y", b"z"]);
    }

    #[test]
    fn names_compare_exactly_and_quotes_stay() {
        let headers: [&[u8]; 1] = [b"Session=1; xsession=2; session=\"q\"; session; =3; session==4"];
        assert_eq!(found(&headers, "session"), [&b"\"q\""[..], b"=4"]);
    }

    #[test]
    fn a_separator_is_found_wherever_it_is() {
        for length in 0..150 {
            let mut bytes = std::vec![b'x'; length];
            assert_eq!(find(&bytes, b';'), None);
            for at in 0..length {
                bytes[at] = b';';
                assert_eq!(find(&bytes, b';'), Some(at), "of {length}");
                bytes[at..].fill(b';');
                assert_eq!(find(&bytes, b';'), Some(at), "of {length}, and all behind it");
                bytes[at..].fill(b'x');
            }
        }
    }

    #[test]
    fn a_name_may_stand_in_space() {
        let headers: [&[u8]; 1] = [b" \tsession\t =a; session x=b; sessio=c;session\t; session"];
        assert_eq!(found(&headers, "session"), [b"a"]);
    }

    #[test]
    fn neighbours_may_be_any_bytes() {
        let headers: [&[u8]; 1] = [b"\xff\xfe=\x80\0; session=ok; \xc3("];
        assert_eq!(found(&headers, "session"), [b"ok"]);
    }

    #[test]
    fn only_space_and_tab_are_trimmed() {
        let headers: [&[u8]; 1] = [b"session=\x0bv\xa0"];
        assert_eq!(found(&headers, "session"), [b"\x0bv\xa0"]);
    }

    #[test]
    fn what_lies_beyond_the_bound_is_not_read() {
        let mut long = std::vec![b'x'; MAX_HEADER_BYTES];
        long.extend_from_slice(b"; session=late");
        let headers = [&long[..], b"session=later"];
        let mut values = values(headers.iter().copied(), "session");
        assert_eq!(values.next(), None);
        assert!(values.was_cut());
    }

    proptest! {
        #[test]
        fn any_bytes_give_values_within_them(headers in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4)) {
            let total: usize = headers.iter().map(Vec::len).sum();
            let sum: usize = values(headers.iter().map(Vec::as_slice), "a").map(<[u8]>::len).sum();
            prop_assert!(sum <= total);
        }
    }
}
