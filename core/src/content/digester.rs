use sha2::{Digest as _, Sha256, Sha384, Sha512};
use std::fmt::{self, Write as _};

/// Computes the digest of bytes. Source: containerd-metadata §7.4.
#[derive(Clone)]
pub(crate) enum Digester {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Digester {
    /// The digest that content has when nobody asks for another.
    pub(crate) fn canonical() -> Self {
        Digester::Sha256(Sha256::new())
    }

    /// The digester for digests like this one, if its algorithm is known. Only what is before the colon is looked at.
    pub(crate) fn like(digest: &str) -> Option<Self> {
        match digest.split_once(':')?.0 {
            "sha256" => Some(Self::canonical()),
            "sha384" => Some(Digester::Sha384(Sha384::new())),
            "sha512" => Some(Digester::Sha512(Sha512::new())),
            _ => None,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Digester::Sha256(hash) => hash.update(bytes),
            Digester::Sha384(hash) => hash.update(bytes),
            Digester::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The digest of the bytes so far.
    pub(crate) fn digest(&self) -> String {
        match self.clone() {
            Digester::Sha256(hash) => text("sha256", &hash.finalize()),
            Digester::Sha384(hash) => text("sha384", &hash.finalize()),
            Digester::Sha512(hash) => text("sha512", &hash.finalize()),
        }
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digest())
    }
}

fn text(algorithm: &str, hash: &[u8]) -> String {
    let mut out = format!("{algorithm}:");
    for byte in hash {
        // A String takes everything.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::validate_digest;

    /// The examples of FIPS 180-4 for the message `abc`.
    #[test]
    fn digests_are_those_of_the_standard() {
        let mut first = Vec::new();
        for algorithm in ["sha256", "sha384", "sha512"] {
            let mut digester = Digester::like(&format!("{algorithm}:")).unwrap();
            digester.update(b"a");
            digester.update(b"bc");
            assert!(validate_digest(digester.digest()).is_ok());
            first.push(digester.digest().chars().take(algorithm.len() + 17).collect::<String>());
        }
        assert_eq!(first, ["sha256:ba7816bf8f01cfea", "sha384:cb00753f45a35e8b", "sha512:ddaf35a193617aba"]);
        assert!(Digester::like("md5:00").is_none());
        assert!(Digester::like("sha256").is_none());
    }
}
