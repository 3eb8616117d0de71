use stowbook::Error;
use wasm_bindgen::prelude::wasm_bindgen;

/// An error of the core, on its way to becoming a `StowbookError`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(error)
    }
}

#[wasm_bindgen]
impl Failure {
    /// The name of its kind: `not_found`.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn kind(&self) -> String {
        self.0.kind().code().to_owned()
    }

    /// What went wrong.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn message(&self) -> String {
        self.0.message().into_owned()
    }

    /// What the caller can do about it.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn help(&self) -> Option<String> {
        self.0.help().map(str::to_owned)
    }

    /// What the message does not show: names and values in turn.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        self.0.details().iter().flat_map(|detail| [detail.name.to_owned(), detail.value.clone()]).collect()
    }
}

/// What a call gives.
pub(crate) type Result<T> = std::result::Result<T, Failure>;
