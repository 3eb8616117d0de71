//! Records as JSON: one form for every door.
//!
//! A record is an object with the members that its model names; members that are not known are refused, so that a misspelt
//! one is not lost. Times are RFC 3339, opaque values `{"type_url": …, "value_base64": …}`.

use crate::{Error, Result};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use std::fmt;

/// Reads a record. `what` is what errors call it.
///
/// # Errors
/// `InvalidArgument`, with the line and the column in its details.
///
/// ```
/// use stowbook::{json, model::Container};
/// let container: Container = json::read("container", br#"{"id": "web"}"#)?;
/// assert_eq!(container.id, "web");
/// let error = json::read::<Container>("container", br#"["web"]"#).unwrap_err();
/// assert!(error.message().contains("invalid type: sequence"));
/// # Ok::<(), stowbook::Error>(())
/// ```
pub fn read<T: DeserializeOwned>(what: &str, json: &[u8]) -> Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    T::deserialize(Strict(&mut reader)).and_then(|record| reader.end().map(|()| record)).map_err(|error| {
        Error::invalid_argument(format!("{what}: {error}"))
            .with_detail("line", error.line())
            .with_detail("column", error.column())
    })
}

/// Writes a record, on one line.
///
/// # Errors
/// None: records have text as keys throughout.
pub fn write<T: Serialize>(record: &T) -> Result<String> {
    serde_json::to_string(record).map_err(|error| Error::internal(error.to_string()))
}

/// Takes objects for records and nothing else. By itself serde would take an array for its members in their order too,
/// which nobody writes on purpose.
struct Strict<T>(T);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Strict(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Strict(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Strict(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<V::Value, E> {
        self.0.visit_bool(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<V::Value, E> {
        self.0.visit_i64(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<V::Value, E> {
        self.0.visit_u64(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<V::Value, E> {
        self.0.visit_f64(value)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<V::Value, E> {
        self.0.visit_str(value)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.0.visit_borrowed_str(value)
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<V::Value, E> {
        self.0.visit_string(value)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(members))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(deserializer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Container, Image, Lease};

    #[test]
    fn what_is_written_is_read() {
        let json = r#"{"id":"web","labels":{"a":"1"},"image":"i","runtime":{"name":"r","options":{"type_url":"t","value_base64":"AA=="}},"spec":{"type_url":"s","value_base64":"e30="},"snapshotter":"o","snapshot_key":"k","created_at":"2026-01-02T03:04:05.000000006Z","extensions":{"e":{"type_url":"","value_base64":""}},"sandbox_id":"p"}"#;
        let container: Container = read("container", json.as_bytes()).unwrap();
        assert_eq!(write(&container).unwrap(), json);
        let json = r#"{"name":"n","target":{"media_type":"m","digest":"d","size":-9223372036854775808}}"#;
        let image: Image = read("image", json.as_bytes()).unwrap();
        assert_eq!(image.target.size, i64::MIN);
        assert_eq!(write(&image).unwrap(), json);
        assert_eq!(read::<Lease>("lease", br#"{"id": "l", "created_at": null}"#).unwrap().created_at, None);
    }

    #[test]
    fn only_an_object_is_a_record() {
        for (json, line, column, what) in [
            (r"[]", 1, 0, "invalid type: sequence, expected struct Container"),
            (r#"{"runtime": ["runc"]}"#, 1, 12, "invalid type: sequence, expected struct Runtime"),
            ("{\"spec\":\n [\"t\", \"\"]}", 2, 1, "invalid type: sequence, expected struct"),
            (r#"{"labels": {"a": 1}}"#, 1, 18, "invalid type: integer `1`, expected a string"),
            (r#"{"lables": {}}"#, 1, 9, "unknown field `lables`"),
            (r#"{"id": "a", "id": "b"}"#, 1, 16, "duplicate field `id`"),
            (r#"{"id": "a"} {}"#, 1, 13, "trailing characters"),
        ] {
            let error = read::<Container>("container", json.as_bytes()).unwrap_err();
            assert!(error.message().starts_with(&format!("container: {what}")), "{json}: {error}");
            let place: Vec<_> = error.details().iter().map(|detail| detail.value.as_str()).collect();
            assert_eq!(place, [line.to_string(), column.to_string()], "{json}: {error}");
        }
    }
}
