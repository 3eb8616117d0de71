/// What a record's protobuf message carried that this version does not know, to the byte, at the record's own level. It is
/// kept with the record and written back with it, behind the fields that are known. ([`crate::proto::UnknownFields`] is the
/// same for a generated message and all levels below it.)
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Unrecognized(pub(crate) Vec<u8>);

impl Unrecognized {
    /// Whether there was nothing unknown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The unknown fields as they stood in the message.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Unrecognized {
    /// Fields as they stood in a message. Bytes of another origin are for [`crate::proto::verify`] to look at.
    fn from(fields: Vec<u8>) -> Self {
        Unrecognized(fields)
    }
}

impl std::fmt::Debug for Unrecognized {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}
