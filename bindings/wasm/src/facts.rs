use crate::failure::Result;
use std::collections::BTreeMap;
use stowbook::check::{Host, PathKind};
use wasm_bindgen::prelude::wasm_bindgen;

/// What the caller knows of a host.
#[wasm_bindgen]
#[derive(Default)]
pub struct Facts {
    paths: BTreeMap<String, PathKind>,
    filesystems: Option<Vec<String>>,
    apparmor: Option<bool>,
    selinux: Option<bool>,
    terminal: Option<bool>,
    processors: Option<u64>,
    huge_page_sizes: Option<Vec<String>>,
    blobs: Option<BTreeMap<String, Blob>>,
}

struct Blob {
    size: u64,
    matches: bool,
    content: Option<Vec<u8>>,
}

#[wasm_bindgen]
#[allow(missing_docs, reason = "each sets the member of its name")]
impl Facts {
    /// Nothing is known.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[wasm_bindgen(js_name = addPath)]
    pub fn add_path(&mut self, path: String, kind: &str) -> Result<()> {
        self.paths.insert(path, kind.parse()?);
        Ok(())
    }

    #[wasm_bindgen(js_name = filesystems)]
    pub fn set_filesystems(&mut self, names: Vec<String>) {
        self.filesystems = Some(names);
    }

    #[wasm_bindgen(js_name = apparmor)]
    pub fn set_apparmor(&mut self, on: bool) {
        self.apparmor = Some(on);
    }

    #[wasm_bindgen(js_name = selinux)]
    pub fn set_selinux(&mut self, on: bool) {
        self.selinux = Some(on);
    }

    #[wasm_bindgen(js_name = terminal)]
    pub fn set_terminal(&mut self, is: bool) {
        self.terminal = Some(is);
    }

    #[wasm_bindgen(js_name = processors)]
    pub fn set_processors(&mut self, count: u32) {
        self.processors = Some(count.into());
    }

    #[wasm_bindgen(js_name = hugePageSizes)]
    pub fn set_huge_page_sizes(&mut self, sizes: Vec<String>) {
        self.huge_page_sizes = Some(sizes);
    }

    /// From now on a blob that was not added is missing.
    #[wasm_bindgen(js_name = knowBlobs)]
    pub fn know_blobs(&mut self) {
        self.blobs.get_or_insert_default();
    }

    /// A blob of `size` bytes, and whether its content has the digest.
    #[wasm_bindgen(js_name = addBlob)]
    pub fn add_blob(&mut self, digest: String, size: u64, matches: bool, content: Option<Vec<u8>>) {
        self.blobs.get_or_insert_default().insert(digest, Blob { size, matches, content });
    }
}

impl Host for Facts {
    fn path(&self, path: &str) -> Option<PathKind> {
        self.paths.get(path).copied()
    }

    fn filesystems(&self) -> Option<Vec<String>> {
        self.filesystems.clone()
    }

    fn apparmor(&self) -> Option<bool> {
        self.apparmor
    }

    fn selinux(&self) -> Option<bool> {
        self.selinux
    }

    fn terminal(&self) -> Option<bool> {
        self.terminal
    }

    fn processors(&self) -> Option<u64> {
        self.processors
    }

    fn huge_page_sizes(&self) -> Option<Vec<String>> {
        self.huge_page_sizes.clone()
    }

    fn blob(&self, digest: &str) -> Option<Option<(u64, bool)>> {
        let blobs = self.blobs.as_ref()?;
        Some(blobs.get(digest).map(|blob| (blob.size, blob.matches)))
    }

    fn content(&self, digest: &str) -> Option<Vec<u8>> {
        self.blobs.as_ref()?.get(digest)?.content.clone()
    }

    fn blobs(&self) -> Option<Vec<String>> {
        Some(self.blobs.as_ref()?.keys().cloned().collect())
    }
}
