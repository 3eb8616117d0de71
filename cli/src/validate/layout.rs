//! Directories: the bundle of a container, or the layout of an image.

use super::this_host::ThisHost;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use stowbook::check::{Host as _, Kind};
use stowbook::{Error, Result};

/// More documents than that no image has.
const MOST: usize = 10_000;

/// A text to check, and what it is said to be.
pub(super) struct Input {
    pub(super) path: PathBuf,
    pub(super) kind: Option<Kind>,
    /// The image layout that it belongs to, whose blobs are looked at.
    pub(super) layout: Option<PathBuf>,
}

/// What is to be checked of a path. Of a directory these are the config of a bundle, or the documents of an image layout: its
/// `oci-layout` and `index.json`, and each index, manifest and config that the index leads to.
pub(super) fn inputs(path: &Path, kind: Option<Kind>) -> Result<Vec<Input>> {
    if path.as_os_str() == "-" || !path.is_dir() {
        return Ok(vec![Input { path: path.to_owned(), kind, layout: None }]);
    }
    let config = path.join("config.json");
    if config.is_file() {
        return Ok(vec![Input { path: config, kind: kind.or(Some(Kind::RuntimeConfig)), layout: None }]);
    }
    let (marker, index) = (path.join("oci-layout"), path.join("index.json"));
    if !marker.is_file() && !index.is_file() {
        let message = format!("{} is a directory, and neither a bundle nor an image layout", path.display());
        let help =
            "a bundle has a config.json, an image layout an oci-layout and an index.json; or name the files to check";
        return Err(Error::invalid_argument(message).with_help(help));
    }
    let of = |file: PathBuf, kind| Input { path: file, kind: Some(kind), layout: Some(path.to_owned()) };
    let mut found = Vec::new();
    // What is missing is a finding of the other one.
    if marker.is_file() {
        found.push(of(marker, Kind::ImageLayout));
    }
    if index.is_file() {
        found.push(of(index.clone(), Kind::ImageIndex));
    }
    let host = ThisHost::new(path.to_owned());
    let mut seen = BTreeSet::new();
    let mut todo = vec![std::fs::read(&index).unwrap_or_default()];
    while let Some(text) = todo.pop() {
        for (media_type, digest) in descriptors(&text) {
            let Some(kind) = kind_of(&media_type).filter(|_| seen.len() < MOST && seen.insert(digest.clone())) else {
                continue;
            };
            // What is missing is a finding of the document that names it.
            let (Some(file), Some(text)) = (host.blob_path(&digest), host.content(&digest)) else { continue };
            found.push(of(file, kind));
            todo.push(text);
        }
    }
    Ok(found)
}

/// The media type and the digest of each document that an index or a manifest names.
fn descriptors(text: &[u8]) -> Vec<(String, String)> {
    let document: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
    let listed = document["manifests"].as_array().into_iter().flatten();
    let all = listed.chain(document.get("config")).chain(document.get("subject"));
    all.filter_map(|one| Some((one["mediaType"].as_str()?.to_owned(), one["digest"].as_str()?.to_owned()))).collect()
}

fn kind_of(media_type: &str) -> Option<Kind> {
    Some(match media_type {
        "application/vnd.oci.image.index.v1+json" => Kind::ImageIndex,
        "application/vnd.oci.image.manifest.v1+json" => Kind::ImageManifest,
        "application/vnd.docker.distribution.manifest.list.v2+json" => Kind::DockerIndex,
        "application/vnd.docker.distribution.manifest.v2+json" => Kind::DockerManifest,
        "application/vnd.oci.image.config.v1+json" | "application/vnd.docker.container.image.v1+json" => {
            Kind::ImageConfig
        }
        _ => return None,
    })
}
