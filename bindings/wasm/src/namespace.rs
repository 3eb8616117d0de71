use stowbook::model::{self, Labels};
use wasm_bindgen::prelude::wasm_bindgen;

/// A namespace on its way in or out.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Namespace(pub(crate) model::Namespace);

#[wasm_bindgen]
impl Namespace {
    /// A namespace without labels.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(name: String) -> Self {
        Namespace(model::Namespace::new(name))
    }

    /// Its name.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name.clone()
    }

    /// Keys and values of the labels in turn.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        in_turn(&self.0.labels)
    }

    /// Adds a label.
    #[wasm_bindgen(js_name = addLabel)]
    pub fn add_label(&mut self, key: String, value: String) {
        self.0.labels.insert(key, value);
    }
}

/// Keys and values in turn: one array crosses the boundary faster than many pairs.
pub(crate) fn in_turn(labels: &Labels) -> Vec<String> {
    labels.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect()
}
