//! The attributes of a cookie, and which of them go together.

use heapless::String;

/// The most bytes of a cookie's name, path or domain.
pub const MAX_TEXT: usize = 128;

/// When a browser sends the cookie along with requests that another site caused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// Only when the user follows a link.
    #[default]
    Lax,
    /// Always; the cookie must be Secure.
    None,
}

/// A cookie's name and attributes.
///
/// The default is `__Host-session; Secure; HttpOnly; SameSite=Lax; Path=/`: the strictest that still lets a
/// user arrive by a link.
#[derive(Clone, Debug)]
pub struct Attributes {
    pub(crate) name: String<MAX_TEXT>,
    pub(crate) path: String<MAX_TEXT>,
    pub(crate) domain: Option<String<MAX_TEXT>>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
}

/// Attributes that no browser would accept together, or that cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttributesError {
    /// The name is empty, over 128 bytes, or has characters that are not an HTTP token (RFC 9110 section 5.6.2).
    Name,
    /// The path does not begin with `/`, is over 128 bytes, or has a `;` or a control character.
    Path,
    /// The domain is empty, over 128 bytes, or not a host name.
    Domain,
    /// A name that begins with `__Host-`, `__Secure-`, `__Http-` or `__Host-Http-` needs Secure.
    PrefixNeedsSecure,
    /// A name that begins with `__Host-` needs Path=/ and no Domain.
    HostPrefixNeedsRoot,
    /// A name that begins with `__Http-` or `__Host-Http-` needs `HttpOnly`.
    HttpPrefixNeedsHttpOnly,
    /// SameSite=None needs Secure.
    SameSiteNoneNeedsSecure,
    /// Partitioned needs Secure.
    PartitionedNeedsSecure,
}

impl core::fmt::Display for AttributesError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Name => "the cookie's name must be 1 to 128 letters, digits or any of !#$%&'*+-.^_`|~",
            Self::Path => "the cookie's path must begin with '/', without ';' and control characters, up to 128 bytes",
            Self::Domain => "the cookie's domain must be a host name of up to 128 bytes",
            Self::PrefixNeedsSecure => {
                "a cookie name with the prefix __Host-, __Secure- or __Http- needs Secure: turn it on, or choose a name without the prefix"
            }
            Self::HostPrefixNeedsRoot => {
                "a cookie name with the prefix __Host- needs Path=/ and no Domain: choose a name without the prefix to set them"
            }
            Self::HttpPrefixNeedsHttpOnly => "a cookie name with the prefix __Http- needs HttpOnly",
            Self::SameSiteNoneNeedsSecure => "SameSite=None needs Secure",
            Self::PartitionedNeedsSecure => "Partitioned needs Secure",
        })
    }
}

impl core::error::Error for AttributesError {}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            name: text("__Host-session").unwrap_or_default(),
            path: text("/").unwrap_or_default(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: SameSite::Lax,
            partitioned: false,
        }
    }
}

impl Attributes {
    /// Sets the name.
    ///
    /// # Errors
    /// [`AttributesError::Name`] if it is not an HTTP token of 1 to 128 bytes.
    pub fn set_name(&mut self, name: &str) -> Result<(), AttributesError> {
        let legal = !name.is_empty() && name.bytes().all(is_token_byte);
        self.name = text(name).filter(|_| legal).ok_or(AttributesError::Name)?;
        Ok(())
    }

    /// Sets the path.
    ///
    /// # Errors
    /// [`AttributesError::Path`] if it does not begin with `/` or cannot be written.
    pub fn set_path(&mut self, path: &str) -> Result<(), AttributesError> {
        let legal =
            path.starts_with('/') && path.bytes().all(|byte| (b' '..0x7f).contains(&byte) && byte != b';');
        self.path = text(path).filter(|_| legal).ok_or(AttributesError::Path)?;
        Ok(())
    }

    /// Sets the domain: the cookie is then sent to it and to all hosts below it.
    ///
    /// # Errors
    /// [`AttributesError::Domain`] if it is not a host name.
    pub fn set_domain(&mut self, domain: &str) -> Result<(), AttributesError> {
        let is_label = |label: &[u8]| {
            !matches!(label, [] | [b'-', ..] | [.., b'-'])
                && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        };
        let legal = domain.as_bytes().split(|byte| *byte == b'.').all(is_label);
        self.domain = Some(text(domain).filter(|_| legal).ok_or(AttributesError::Domain)?);
        Ok(())
    }

    /// Whether browsers would accept the combination.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn check(&self) -> Result<(), AttributesError> {
        // Browsers compare the prefixes without regard to case (RFC 6265bis section 5.7).
        let has_prefix = |prefix: &str| {
            self.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let (host, http) = (has_prefix("__Host-"), has_prefix("__Http-") || has_prefix("__Host-Http-"));
        if (host || http || has_prefix("__Secure-")) && !self.secure {
            return Err(AttributesError::PrefixNeedsSecure);
        }
        if host && (self.path != "/" || self.domain.is_some()) {
            return Err(AttributesError::HostPrefixNeedsRoot);
        }
        if http && !self.http_only {
            return Err(AttributesError::HttpPrefixNeedsHttpOnly);
        }
        if self.same_site == SameSite::None && !self.secure {
            return Err(AttributesError::SameSiteNoneNeedsSecure);
        }
        if self.partitioned && !self.secure {
            return Err(AttributesError::PartitionedNeedsSecure);
        }
        Ok(())
    }
}

fn text(value: &str) -> Option<String<MAX_TEXT>> {
    String::try_from(value).ok()
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Attributes {
        let mut attributes = Attributes::default();
        attributes.set_name(name).unwrap();
        attributes
    }

    #[test]
    fn the_default_is_legal() {
        assert_eq!(Attributes::default().check(), Ok(()));
    }

    #[test]
    fn illegal_combinations_are_refused() {
        for name in ["__Host-a", "__secure-a", "__Http-a", "__HOST-HTTP-a"] {
            assert_eq!(
                Attributes { secure: false, ..named(name) }.check(),
                Err(AttributesError::PrefixNeedsSecure)
            );
        }
        let mut elsewhere = Attributes::default();
        elsewhere.set_path("/app").unwrap();
        assert_eq!(elsewhere.check(), Err(AttributesError::HostPrefixNeedsRoot));
        let mut wide = Attributes::default();
        wide.set_domain("example.org").unwrap();
        assert_eq!(wide.check(), Err(AttributesError::HostPrefixNeedsRoot));
        assert_eq!(
            Attributes { http_only: false, ..named("__Http-a") }.check(),
            Err(AttributesError::HttpPrefixNeedsHttpOnly)
        );
        let plain = Attributes { secure: false, ..named("a") };
        assert_eq!(plain.check(), Ok(()));
        let none = Attributes { same_site: SameSite::None, ..plain.clone() };
        assert_eq!(none.check(), Err(AttributesError::SameSiteNoneNeedsSecure));
        let partitioned = Attributes { partitioned: true, ..plain };
        assert_eq!(partitioned.check(), Err(AttributesError::PartitionedNeedsSecure));
    }

    #[test]
    fn text_that_could_break_the_header_is_refused() {
        let mut attributes = Attributes::default();
        for name in ["", "a b", "a;b", "a=b", "a\r\nb", "ä"] {
            assert_eq!(attributes.set_name(name), Err(AttributesError::Name));
        }
        for path in ["", "a", "/a;b", "/\n"] {
            assert_eq!(attributes.set_path(path), Err(AttributesError::Path));
        }
        for domain in ["", ".example.org", "a..b", "a b", "-a.b", "a;b"] {
            assert_eq!(attributes.set_domain(domain), Err(AttributesError::Domain));
        }
    }
}
