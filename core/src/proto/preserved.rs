//! A decoded value that remembers the bytes it came from.

use std::borrow::Cow;
use std::ops::Deref;

use super::Message;
use crate::Result;

/// A value together with the bytes it was decoded from, so that what is only passed on comes out as it went in: to the
/// byte, whatever order, form or unknown field the sender chose.
///
/// It reads like the value. A change goes through [`Preserved::value_mut`].
#[derive(Clone, Debug, Default)]
pub struct Preserved<T> {
    value: T,
    /// What the value was decoded from, if it was.
    original: Option<Vec<u8>>,
    /// Whether the value may have been changed since.
    touched: bool,
}

impl<T: Message> Preserved<T> {
    /// Decodes a value and keeps a copy of its bytes.
    ///
    /// # Errors
    ///
    /// Those of [`Message::decode`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        Ok(Preserved { value: T::decode(bytes)?, original: Some(bytes.to_vec()), touched: false })
    }

    /// The bytes: the original ones if the value is what they hold (also after it was changed and changed back), else
    /// the value's own encoding.
    #[must_use]
    pub fn encode(&self) -> Cow<'_, [u8]> {
        match &self.original {
            Some(original) if !self.touched || T::decode(original).is_ok_and(|first| first == self.value) => {
                Cow::Borrowed(original)
            }
            _ => Cow::Owned(self.value.encode()),
        }
    }
}

impl<T> Preserved<T> {
    /// A value that came from no bytes.
    #[must_use]
    pub fn new(value: T) -> Self {
        Preserved { value, original: None, touched: false }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value, to be changed.
    pub fn value_mut(&mut self) -> &mut T {
        self.touched = true;
        &mut self.value
    }

    /// The value without its bytes.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The bytes that the value was decoded from.
    #[must_use]
    pub fn original(&self) -> Option<&[u8]> {
        self.original.as_deref()
    }
}

impl<T> Deref for Preserved<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> From<T> for Preserved<T> {
    fn from(value: T) -> Self {
        Preserved::new(value)
    }
}
