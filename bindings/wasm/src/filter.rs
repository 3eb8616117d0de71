use crate::failure::Result;
use crate::transfer::{Record, receive};
use serde::Serialize;
use stowbook::filter::{self, Adaptor, FieldMap};
use stowbook::model::{Blob, Container, Envelope, Image, Lease, Sandbox, Snapshot};
use stowbook::{Error, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// A compiled filter.
#[wasm_bindgen]
pub struct Filter(filter::Filter);

#[derive(Serialize)]
struct Warning<'a> {
    filter: usize,
    selector: usize,
    pattern: String,
    reason: &'a str,
}

#[wasm_bindgen]
impl Filter {
    /// Compiles filter texts, of which one has to hold.
    pub fn parse(texts: Vec<String>) -> Result<Filter> {
        Ok(Filter(filter::Filter::parse(texts)?))
    }

    /// What containerd accepts, and nobody means, as JSON.
    pub fn warnings(&self) -> Result<String> {
        let warnings: Vec<_> = self
            .0
            .warnings()
            .iter()
            .map(|one| Warning {
                filter: one.filter,
                selector: one.selector,
                pattern: String::from_utf8_lossy(&one.pattern).into_owned(),
                reason: &one.reason,
            })
            .collect();
        Ok(json::write(&warnings)?)
    }

    /// Whether a record passes.
    #[wasm_bindgen(js_name = matchesRecord)]
    pub fn matches_record(&self, kind: &str, record: &str, bytes: &[u8]) -> Result<bool> {
        match kind {
            "blob" => self.passes::<Blob>(record, bytes),
            "container" => self.passes::<Container>(record, bytes),
            "event" => Ok(self.0.matches(&stowbook::Event::from(receive::<Envelope>(record, bytes)?))),
            "image" => self.passes::<Image>(record, bytes),
            "lease" => self.passes::<Lease>(record, bytes),
            "sandbox" => self.passes::<Sandbox>(record, bytes),
            "snapshot" => self.passes::<Snapshot>(record, bytes),
            // `js/` asks for these kinds only.
            other => Err(Error::internal(format!("there is no kind of record {other} with filters")).into()),
        }
    }

    /// Whether a record that is just fields passes: paths and values in turn.
    #[wasm_bindgen(js_name = matchesFields)]
    #[must_use]
    pub fn matches_fields(&self, fields: Vec<String>) -> bool {
        let mut fields = fields.into_iter();
        let pairs = std::iter::from_fn(|| Some((fields.next()?, fields.next()?)));
        self.0.matches(&pairs.collect::<FieldMap>())
    }

    fn passes<R: Record + Adaptor>(&self, record: &str, bytes: &[u8]) -> Result<bool> {
        Ok(self.0.matches(&receive::<R>(record, bytes)?))
    }
}
