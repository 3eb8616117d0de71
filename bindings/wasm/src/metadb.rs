//! containerd's databases.

use crate::failure::Result;
use crate::store::Records;
use serde::Serialize;
use std::rc::Rc;
use stowbook::json;
use stowbook::metadb;
use wasm_bindgen::prelude::wasm_bindgen;

/// A database of containerd.
#[wasm_bindgen]
#[derive(Debug)]
pub struct MetaDb(Rc<metadb::MetaDb>);

#[derive(Serialize)]
struct Info {
    #[serde(rename = "pageSize")]
    page_size: u32,
    txid: u64,
    version: Option<i64>,
}

#[wasm_bindgen]
impl MetaDb {
    /// The database in the bytes of its file.
    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(bytes: Vec<u8>) -> Result<MetaDb> {
        Ok(MetaDb(Rc::new(metadb::MetaDb::from_bytes(bytes)?)))
    }

    /// What the database says about itself, as JSON.
    pub fn info(&self) -> Result<String> {
        let info = self.0.info()?;
        Ok(json::write(&Info { page_size: info.page_size, txid: info.txid, version: info.version })?)
    }

    /// The records.
    #[must_use]
    pub fn records(&self) -> Records {
        Records::of(Rc::clone(&self.0))
    }

    /// The whole database as JSON.
    pub fn dump(&self) -> Result<String> {
        let mut out = String::new();
        self.0.dump(|part| {
            out.push_str(part);
            Ok(())
        })?;
        Ok(out)
    }
}

/// What is wrong with a database, as JSON.
#[wasm_bindgen(js_name = checkMetaDb)]
pub fn check_metadb(bytes: Vec<u8>) -> Result<String> {
    Ok(json::write(&metadb::check(&bytes)?)?)
}

/// What can still be read of a database, as JSON.
#[wasm_bindgen(js_name = salvageMetaDb)]
pub fn salvage_metadb(bytes: Vec<u8>) -> Result<String> {
    Ok(json::write(&metadb::salvage(&bytes)?.to_json())?)
}
