//! Image documents: manifests, indexes, configs, layouts and descriptors.

mod annotations;
mod config;
mod descriptor;
mod index;
mod manifest;
mod platform;

use super::context::{Checker, Shown};
use super::detect::MEDIA_TYPES;
use super::view::View as _;
use super::{Kind, fields, patterns};
use crate::doc::{Shape, Value};

/// Checks the document that the checker is at.
pub(super) fn check(checker: &mut Checker<'_>) {
    let root = checker.root;
    if root.shape() == Shape::Object {
        if checker.document.text().len() > 4 << 20 {
            checker.at("OCI-IM-0006", root, &[&"it is larger than 4 MiB"]);
        }
        if docker_schema_1(checker, root) {
            return;
        }
        mixed(checker, root);
    }
    match checker.kind {
        Kind::ImageManifest | Kind::DockerManifest => {
            fields::check(checker, root, fields::IMAGE_MANIFEST);
            manifest::check(checker, root);
        }
        // One cause, one finding: what else an index needs, a manifest does not have.
        Kind::ImageIndex | Kind::DockerIndex
            if root.present("layers").is_some() && checker.lacks(root, "manifests") =>
        {
            checker.at("OCI-IM-0508", root, &[]);
        }
        Kind::ImageIndex | Kind::DockerIndex => {
            fields::check(checker, root, fields::IMAGE_INDEX);
            index::check(checker, root);
        }
        Kind::ImageConfig => {
            fields::check(checker, root, fields::IMAGE_CONFIG);
            config::check(checker, root);
        }
        Kind::ImageLayout => {
            fields::check(checker, root, fields::IMAGE_LAYOUT);
            layout(checker, root);
        }
        _ => {
            fields::check(checker, root, fields::DESCRIPTOR);
            descriptor::check(checker, root, descriptor::Role::Alone);
        }
    }
}

/// Docker's first manifests, which nothing reads any more.
fn docker_schema_1(checker: &mut Checker<'_>, root: Value<'_>) -> bool {
    let first = root.present("fsLayers").filter(|_| root.present("layers").is_none());
    if let Some(layers) = first {
        checker.key("OCI-IM-0221", layers, &[]);
    }
    first.is_some()
}

/// Members of two sorts of documents in one.
fn mixed(checker: &mut Checker<'_>, root: Value<'_>) {
    let of_manifests = root.present("layers").or(root.present("config")).or(root.present("fsLayers"));
    let is_config = checker.kind == Kind::ImageConfig;
    if let (Some(manifests), Some(other), false) = (root.present("manifests"), of_manifests, is_config) {
        checker.key("OCI-IM-0005", manifests, &[]).related(other, "this belongs to a manifest");
    }
}

fn layout(checker: &mut Checker<'_>, root: Value<'_>) {
    if root.shape() != Shape::Object {
        return;
    }
    if let Some(value) = root.string("imageLayoutVersion") {
        let version = value.as_str().unwrap_or_default();
        if version != "1.0.0" {
            checker.at("OCI-IM-0502", value, &[&Shown(&version)]);
        }
    }
    let wanted = [("blobs", super::PathKind::Directory), ("index.json", super::PathKind::File)];
    for (name, kind) in wanted {
        let found = checker.ask("OCI-IM-0503", "paths", |host| host.path(name));
        if found.is_some_and(|found| found != kind) {
            checker.at("OCI-IM-0503", root, &[&name]);
        }
    }
    let blobs = checker.ask("OCI-IM-0504", "blobs", |host| host.blobs());
    for name in blobs.into_iter().flatten() {
        let whole = checker.ask("OCI-IM-0504", "blobs", |host| host.blob(&name));
        let right = patterns::digest(&name).is_some() && !matches!(whole, Some(Some((_, false))));
        if !right {
            checker.at("OCI-IM-0504", root, &[&Shown(&name)]);
        }
    }
}

/// Says what is wrong with the version and the media type at the top of a document.
fn heading(checker: &mut Checker<'_>, root: Value<'_>, codes: &Heading) {
    if let Some(value) = root.present("schemaVersion")
        && value.as_integer().is_some_and(|version| version != 2)
        && !checker.wrong_type.contains(&value.id())
    {
        let found = checker.at(codes.version, value, &[&value.as_integer().unwrap_or_default()]);
        found.propose("write 2", [value.replace("2")]);
    }
    match root.string("mediaType") {
        Some(value) => {
            let text = value.as_str().unwrap_or_default();
            let of = MEDIA_TYPES.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
            if !of.is_some_and(|of| codes.kinds.contains(&of)) {
                checker.at(codes.wrong_type, value, &[&Shown(&text)]);
            }
        }
        None if checker.lacks(root, "mediaType") => {
            let docker = matches!(checker.kind, Kind::DockerManifest | Kind::DockerIndex);
            let found = checker.missing(codes.no_type, root, "mediaType");
            if docker {
                found.severity(super::Severity::Error);
            }
        }
        None => {}
    }
    if let Some(value) = root.string("artifactType") {
        let text = value.as_str().unwrap_or_default();
        if !patterns::media_type(&text) {
            checker.at(codes.artifact, value, &[&Shown(&text)]);
        }
    }
    if let Some(subject) = root.object("subject") {
        descriptor::check(checker, subject, descriptor::Role::Subject);
        let text = subject.text("mediaType").unwrap_or_default();
        let known = MEDIA_TYPES.iter().any(|(name, kind)| *name == text && *kind != Kind::ImageConfig);
        if let (false, true, Some(value)) = (known, patterns::media_type(&text), subject.string("mediaType")) {
            checker.at(codes.subject, value, &[&Shown(&text)]).warning();
        }
    }
}

/// The codes of the rules about the top of a document.
struct Heading {
    version: &'static str,
    no_type: &'static str,
    wrong_type: &'static str,
    artifact: &'static str,
    subject: &'static str,
    kinds: &'static [Kind],
}
