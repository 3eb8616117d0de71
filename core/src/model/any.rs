use super::Unrecognized;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

/// An opaque value with the name of its type. It is kept to the byte, never decoded and never checked.
///
/// In JSON it is `{"type_url": …, "value_base64": …}`; `value_text` is taken too where the bytes are text.
/// Source: containerd-metadata §1, containerd-grpc §2.3.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Any {
    /// The type's name, for example `types.containerd.io/opencontainers/runtime-spec/1/Spec`. Optional, not validated.
    pub type_url: String,
    /// The bytes: JSON for the types that containerd registers by a path of its own, else protobuf. May be empty, which is
    /// not the same as an absent value.
    pub value: Vec<u8>,
    /// What a protobuf `Any` carried besides these two fields, kept for writing it back.
    pub unknown: Unrecognized,
}

impl Any {
    /// A value of the given type.
    pub fn new(type_url: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Any { type_url: type_url.into(), value: value.into(), unknown: Unrecognized::default() }
    }
}

impl std::fmt::Debug for Any {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Any({:?}, {} bytes)", self.type_url, self.value.len())
    }
}

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        let mut out = serializer.serialize_struct("Any", 2)?;
        out.serialize_field("type_url", &self.type_url)?;
        out.serialize_field("value_base64", &base64::engine::general_purpose::STANDARD.encode(&self.value))?;
        out.end()
    }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        use serde::de::Error as _;
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Shape {
            #[serde(default)]
            type_url: String,
            value_base64: Option<String>,
            value_text: Option<String>,
        }
        let shape = Shape::deserialize(deserializer)?;
        let value = match (shape.value_base64, shape.value_text) {
            (Some(_), Some(_)) => return Err(D::Error::custom("value_base64 and value_text exclude each other")),
            (Some(text), None) => base64::engine::general_purpose::STANDARD
                .decode(text)
                .map_err(|error| D::Error::custom(format_args!("value_base64 is not base64: {error}")))?,
            (None, text) => text.unwrap_or_default().into_bytes(),
        };
        Ok(Any::new(shape.type_url, value))
    }
}
