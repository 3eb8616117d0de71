use crate::failure::Result;
use stowbook::model::{self, Timestamp};
use wasm_bindgen::prelude::wasm_bindgen;

/// A container record on its way in or out.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Container(pub(crate) model::Container);

/// An opaque value with its type.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Any(model::Any);

#[wasm_bindgen]
impl Any {
    /// A value of this type.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(type_url: String, value: Vec<u8>) -> Self {
        Any(model::Any::new(type_url, value))
    }

    /// The type's name.
    #[wasm_bindgen(getter, js_name = typeUrl)]
    #[must_use]
    pub fn type_url(&self) -> String {
        self.0.type_url.clone()
    }

    /// The bytes.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn value(&self) -> Vec<u8> {
        self.0.value.clone()
    }
}

/// The members that are plain texts.
macro_rules! texts {
    ($($get:ident $set:ident $js_name:ident $($member:ident).+;)*) => {
        #[wasm_bindgen]
        #[allow(missing_docs, reason = "each is the member of its name")]
        impl Container {
            $(
                #[wasm_bindgen(getter, js_name = $js_name)]
                #[must_use]
                pub fn $get(&self) -> String {
                    self.0.$($member).+.clone()
                }

                #[wasm_bindgen(setter, js_name = $js_name)]
                pub fn $set(&mut self, value: String) {
                    self.0.$($member).+ = value;
                }
            )*
        }
    };
}

texts! {
    id set_id id id;
    image set_image image image;
    runtime_name set_runtime_name runtimeName runtime.name;
    snapshotter set_snapshotter snapshotter snapshotter;
    snapshot_key set_snapshot_key snapshotKey snapshot_key;
    sandbox_id set_sandbox_id sandboxId sandbox_id;
}

#[wasm_bindgen]
impl Container {
    /// A record without anything.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keys and values of the labels in turn.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        crate::namespace::in_turn(&self.0.labels)
    }

    /// Adds a label.
    #[wasm_bindgen(js_name = addLabel)]
    pub fn add_label(&mut self, key: String, value: String) {
        self.0.labels.insert(key, value);
    }

    /// The runtime's options.
    #[wasm_bindgen(getter, js_name = runtimeOptions)]
    #[must_use]
    pub fn runtime_options(&self) -> Option<Any> {
        self.0.runtime.options.clone().map(Any)
    }

    /// Sets the runtime's options.
    #[wasm_bindgen(setter, js_name = runtimeOptions)]
    pub fn set_runtime_options(&mut self, options: Any) {
        self.0.runtime.options = Some(options.0);
    }

    /// What the runtime is to start.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn spec(&self) -> Option<Any> {
        self.0.spec.clone().map(Any)
    }

    /// Sets what the runtime is to start.
    #[wasm_bindgen(setter)]
    pub fn set_spec(&mut self, spec: Any) {
        self.0.spec = Some(spec.0);
    }

    /// The names of the extensions.
    #[wasm_bindgen(getter, js_name = extensionNames)]
    #[must_use]
    pub fn extension_names(&self) -> Vec<String> {
        self.0.extensions.keys().cloned().collect()
    }

    /// The extension of this name.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<Any> {
        self.0.extensions.get(name).cloned().map(Any)
    }

    /// Adds an extension.
    #[wasm_bindgen(js_name = addExtension)]
    pub fn add_extension(&mut self, name: String, value: Any) {
        self.0.extensions.insert(name, value.0);
    }

    /// When the record was created, as RFC 3339.
    #[wasm_bindgen(getter, js_name = createdAt)]
    #[must_use]
    pub fn created_at(&self) -> Option<String> {
        self.0.created_at.map(|time| time.to_string())
    }

    /// When the record was last changed, as RFC 3339.
    #[wasm_bindgen(getter, js_name = updatedAt)]
    #[must_use]
    pub fn updated_at(&self) -> Option<String> {
        self.0.updated_at.map(|time| time.to_string())
    }

    /// Sets when the record was created. The store ignores it; but what is no time is refused.
    #[wasm_bindgen(js_name = setCreatedAt)]
    pub fn set_created_at(&mut self, time: &str) -> Result<()> {
        self.0.created_at = Some(Timestamp::parse(time)?);
        Ok(())
    }

    /// Sets when the record was last changed, as [`Container::set_created_at`].
    #[wasm_bindgen(js_name = setUpdatedAt)]
    pub fn set_updated_at(&mut self, time: &str) -> Result<()> {
        self.0.updated_at = Some(Timestamp::parse(time)?);
        Ok(())
    }
}
